import BridgeCore

/// Finds what a gateway's text repeats of the message itself: outcomes never carry content or member ids, not even
/// when the gateway quotes them.
struct EchoSearch {
  /// As many consecutive bytes of the content are an echo.
  static let windowByteCount = 8
  /// Shorter ids count only as whole words: "1" is in almost any text.
  static let wordOnlyIDByteCount = 4
  private static let markCount = 2_048

  let content: BorrowedText
  let cmsID: BorrowedText
  let senderID: BorrowedText

  func finds(in text: UnsafeRawBufferPointer) -> Bool {
    if let cmsID, contains(text, id: cmsID) { return true }
    if let senderID, contains(text, id: senderID) { return true }
    guard let content, text.count >= Self.windowByteCount, content.count >= Self.windowByteCount else {
      return false
    }
    return sharesWindow(text, content)
  }

  private func contains(_ text: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer) -> Bool {
    guard id.count > 0, text.count >= id.count else { return false }
    for start in 0...(text.count - id.count) {
      let end = start + id.count
      guard text[start..<end].elementsEqual(id) else { continue }
      if id.count >= Self.wordOnlyIDByteCount { return true }
      let isWord =
        (start == 0 || !Self.isWordByte(text[start - 1]))
        && (end == text.count || !Self.isWordByte(text[end]))
      if isWord { return true }
    }
    return false
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }

  /// One pass over each: the text's windows leave a mark, windows of the content that meet one are compared.
  private func sharesWindow(_ text: UnsafeRawBufferPointer, _ content: UnsafeRawBufferPointer) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.markCount / 64) { marks in
      marks.initialize(repeating: 0)
      for start in 0...(text.count - Self.windowByteCount) {
        let mark = Self.mark(text.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        marks[mark >> 6] |= 1 << UInt64(mark & 63)
      }
      for start in 0...(content.count - Self.windowByteCount) {
        let window = content.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        let mark = Self.mark(window)
        guard marks[mark >> 6] & 1 << UInt64(mark & 63) != 0 else { continue }
        for other in 0...(text.count - Self.windowByteCount)
        where text.loadUnaligned(fromByteOffset: other, as: UInt64.self) == window { return true }
      }
      return false
    }
  }

  private static func mark(_ window: UInt64) -> Int {
    Int(truncatingIfNeeded: (window &* 0x9E37_79B9_7F4A_7C15) >> 53)
  }
}
