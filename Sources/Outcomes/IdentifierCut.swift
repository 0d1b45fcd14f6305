import BridgeCore

/// How ids are made short and safe: valid UTF-8 (U+FFFD for what is not), long ones cut on a character boundary and
/// marked with a piece of their digest, so that two long ids stay different.
struct IdentifierCut {
  /// Bytes of the whole text, mark included.
  var byteLimit: Int
  /// Bytes of the whole text when written as JSON, without its quotation marks.
  var jsonByteLimit: Int

  static let usual = IdentifierCut(byteLimit: 256, jsonByteLimit: 256 * 6)
  static let tight = IdentifierCut(byteLimit: 256, jsonByteLimit: 256)

  /// `…#` and eight hexadecimal digits.
  private static let markSize = 12

  /// Whether `text` can be written as it is.
  func fits(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= byteLimit, UTF8Text.isValid(text) else { return false }
    // Six bytes of JSON are the most that one byte can become.
    if text.count &* 6 <= jsonByteLimit { return true }
    var size = 0
    for byte in text { size &+= UTF8Text.sizeInJSON(first: byte, length: 1) }
    return size <= jsonByteLimit
  }

  func append(_ text: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
    if fits(text) {
      buffer.append(text)
    } else {
      appendRepaired(text, to: &buffer)
    }
  }

  /// Stops at the limit, however long `text` is.
  private func appendRepaired(_ text: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
    let start = buffer.count
    var jsonSize = 0
    var position = 0
    var lastFittingEnd = start
    while position < text.count {
      let length = UTF8Text.characterLength(in: text, at: position)
      if length == 0 {
        buffer.append("\u{FFFD}")
        jsonSize &+= 3
        position &+= 1
      } else {
        buffer.append(UnsafeRawBufferPointer(rebasing: text[position..<position &+ length]))
        jsonSize &+= UTF8Text.sizeInJSON(first: text[position], length: length)
        position &+= length
      }
      let size = buffer.count &- start
      if size &+ Self.markSize <= byteLimit, jsonSize &+ Self.markSize <= jsonByteLimit {
        lastFittingEnd = buffer.count
      } else if size > byteLimit || jsonSize > jsonByteLimit {
        buffer.truncate(to: lastFittingEnd)
        buffer.append("…#")
        TextDigest(of: text).appendHexadecimal(digits: 8, to: &buffer)
        return
      }
    }
  }
}
