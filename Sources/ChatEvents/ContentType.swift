/// A kind of content that the API knows: its number, and the names that events may have for it.
package struct ContentType: Sendable {
  let number: Int64
  /// Ours first.
  let names: [StaticString]

  static let all = [
    ContentType(number: 1, names: ["text"]),
    ContentType(number: 2, names: ["image"]),
    ContentType(number: 3, names: ["video"]),
    ContentType(number: 4, names: ["link"]),
    ContentType(number: 5, names: ["voice"]),
    ContentType(number: 6, names: ["markdown", "mark_down"]),
    ContentType(number: 7, names: ["action_card"]),
    ContentType(number: 8, names: ["rich_text"]),
    ContentType(number: 9, names: ["file"]),
    ContentType(number: 10, names: ["read", "msg_read"]),
  ]

  /// Our name for it; nil for a number that stands for none.
  package static func name(of number: Int64) -> StaticString? {
    all.first { $0.number == number }?.names.first
  }
}
