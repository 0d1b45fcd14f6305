extension ByteBuffer {
  /// Appends `text` as a JSON string with its quotes. `text` is valid UTF-8; quotation mark, backslash and control
  /// characters are escaped, nothing else is (the slash neither).
  package mutating func appendJSONString(_ text: UnsafeRawBufferPointer) {
    reserve(text.count + 2)
    append(UInt8(ascii: "\""))
    var runStart = 0
    var position = 0
    while position < text.count {
      position = Self.firstEscape(in: text, from: position)
      append(UnsafeRawBufferPointer(rebasing: text[runStart..<position]))
      guard position < text.count else { break }
      appendEscape(text[position])
      position &+= 1
      runStart = position
    }
    append(UInt8(ascii: "\""))
  }

  package mutating func appendJSONString(_ text: StaticString) {
    appendJSONString(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// For cold paths only.
  package mutating func appendJSONString(text: String) {
    var text = text
    text.withUTF8 { appendJSONString(UnsafeRawBufferPointer($0)) }
  }

  /// Where the next byte stands that JSON wants escaped, or the end: eight bytes a step.
  private static func firstEscape(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var position = start
    while position &+ 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      let control = (word &- ones &* 0x20) & ~word
      let hit =
        (control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)) & highs
      // A borrow can only mark a byte above a true hit: the lowest mark is always right.
      if hit != 0 { return position &+ (hit.trailingZeroBitCount >> 3) }
      position &+= 8
    }
    while position < text.count {
      let byte = text[position]
      if byte < 0x20 || byte == 0x22 || byte == 0x5C { return position }
      position &+= 1
    }
    return position
  }

  private mutating func appendEscape(_ byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case 0x22, 0x5C: append(byte)
    case 0x08: append(UInt8(ascii: "b"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0C: append(UInt8(ascii: "f"))
    case 0x0D: append(UInt8(ascii: "r"))
    default:
      append("u00")
      append(UInt8(ascii: "0") + (byte >> 4))
      append(Self.hexadecimalDigit(byte & 15))
    }
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
