/// Where a text stands inside a `ByteBuffer`; absent and empty are different things.
package struct TextRange: Equatable, Sendable {
  private var first: UInt32
  private var length: UInt32

  package init(start: Int, count: Int) {
    first = UInt32(start)
    length = UInt32(count)
  }

  private init(first: UInt32, length: UInt32) {
    self.first = first
    self.length = length
  }

  package static let absent = TextRange(first: .max, length: 0)

  package var isPresent: Bool { first != .max }
  package var start: Int { Int(first) }
  package var count: Int { Int(length) }
  package var end: Int { Int(first) + Int(length) }

  /// The same text after `distance` bytes were put in front of it, or taken away.
  package func shifted(by distance: Int) -> TextRange {
    isPresent ? TextRange(start: start + distance, count: count) : .absent
  }
}
