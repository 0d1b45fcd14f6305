/// RFC 4648 section 5, without padding.
enum Base64URL {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var position = 0
    while position < bytes.count {
      let count = min(3, bytes.count - position)
      var group: UInt32 = 0
      for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[position + index]) : 0) }
      for index in 0...count { text.append(alphabet[Int(group >> UInt32(18 - 6 * index) & 63)]) }
      position += 3
    }
    return text
  }

  /// Nil for a foreign character, a length that no encoding has, or bits set behind the last byte.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var held: UInt32 = 0
    var heldBitCount: UInt32 = 0
    for character in text {
      let value = values[Int(character)]
      guard value != 0xFF else { return nil }
      held = held << 6 | UInt32(value)
      heldBitCount += 6
      if heldBitCount >= 8 {
        heldBitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: held >> heldBitCount))
        held &= (1 << heldBitCount) - 1
      }
    }
    return held == 0 ? bytes : nil
  }
}
