import BridgeCore
import CCrypto

/// Texts of others on their way into an outcome: bounded, valid UTF-8, and nothing of what was written to whom.
enum CopiedText {
  /// Bytes of a SHA-256 that mark a cut id, in hexadecimal digits.
  private static let markDigitCount = 8

  /// An id: whole up to `limit` bytes, else its beginning, `…#` and 8 hexadecimal digits of its SHA-256.
  static func appendID(_ text: UnsafeRawBufferPointer, limit: Int, to buffer: inout ByteBuffer) {
    guard text.count > limit || !UTF8Text.isValid(text) else { return buffer.appendJSONString(text) }
    let valid = Array(String(decoding: text.prefix(limit * 2), as: UTF8.self).utf8)
    let mark = text.count > limit ? "…#" + SHA256Text.hexadecimal(of: text).prefix(markDigitCount) : ""
    let kept = max(0, min(limit, valid.count) - mark.utf8.count)
    valid.withUnsafeBytes { bytes in
      let end = mark.isEmpty ? min(limit, valid.count) : kept
      let cut = UTF8Text.boundary(in: bytes, atMost: end)
      buffer.appendJSONString(text: String(decoding: bytes[..<cut], as: UTF8.self) + mark)
    }
  }

  /// A text of the gateway: no control characters, cut at `limit` bytes on a character's boundary.
  static func appendGatewayText(_ text: UnsafeRawBufferPointer, limit: Int, to buffer: inout ByteBuffer) {
    if text.count <= limit, UTF8Text.isPlainASCII(text) { return buffer.appendJSONString(text) }
    let valid = String(decoding: text, as: UTF8.self).unicodeScalars.filter { !isControl($0) }
    var kept = String.UnicodeScalarView()
    var count = 0
    for scalar in valid {
      count += UTF8.width(scalar)
      guard count <= limit else { break }
      kept.append(scalar)
    }
    buffer.appendJSONString(text: String(kept))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }
}

/// Looks at UTF-8 without making a `String`.
enum UTF8Text {
  static func isPlainASCII(_ text: UnsafeRawBufferPointer) -> Bool {
    for byte in text where byte < 0x20 || byte > 0x7E { return false }
    return true
  }

  static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
    for byte in text where byte >= 0x80 { return String(validating: text, as: UTF8.self) != nil }
    return true
  }

  /// The last boundary of a character at or before `end`; `text` is valid.
  static func boundary(in text: UnsafeRawBufferPointer, atMost end: Int) -> Int {
    var position = min(end, text.count)
    while position > 0, position < text.count, text[position] & 0xC0 == 0x80 { position -= 1 }
    return position
  }
}

enum SHA256Text {
  /// 64 lower-case hexadecimal digits.
  static func hexadecimal(of text: UnsafeRawBufferPointer) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    _ = SHA256(text.assumingMemoryBound(to: UInt8.self).baseAddress, text.count, &digest)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
