/// RFC 4648.
package struct Base64: Sendable {
  /// Section 4, with padding; bits behind the last byte are passed over, as most readers do.
  package static let standard = Base64(lastTwo: "+/", isPadded: true)
  /// Section 5, without padding; bits behind the last byte are refused.
  package static let url = Base64(lastTwo: "-_", isPadded: false)

  private let alphabet: [UInt8]
  private let values: [UInt8]
  private let isPadded: Bool

  private init(lastTwo: String, isPadded: Bool) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(lastTwo)".utf8)
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    self.alphabet = alphabet
    self.values = values
    self.isPadded = isPadded
  }

  package func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var position = 0
    while position < bytes.count {
      let count = min(3, bytes.count - position)
      var group: UInt32 = 0
      for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[position + index]) : 0) }
      for index in 0...count { text.append(alphabet[Int(group >> UInt32(18 - 6 * index) & 63)]) }
      if isPadded { for _ in count..<3 { text.append(UInt8(ascii: "=")) } }
      position += 3
    }
    return text
  }

  package func decode(_ text: [UInt8]) -> [UInt8]? { text.withUnsafeBytes { decode($0) } }

  /// Nil for a foreign character or a length that no encoding has.
  package func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    var characters = text[...]
    if isPadded {
      guard text.count % 4 == 0 else { return nil }
      for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters = characters.dropLast() }
    }
    guard characters.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count * 3 / 4)
    var held: UInt32 = 0
    var heldBitCount: UInt32 = 0
    for character in characters {
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
    return held == 0 || isPadded ? bytes : nil
  }
}
