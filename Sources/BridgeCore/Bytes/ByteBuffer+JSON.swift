extension ByteBuffer {
  /// Appends `text` as a JSON string with its quotes. `text` is valid UTF-8; quotation mark, backslash and control
  /// characters are escaped, nothing else is (the slash neither).
  package mutating func appendJSONString(_ text: UnsafeRawBufferPointer) {
    append(UInt8(ascii: "\""))
    var position = 0
    while position < text.count {
      position = appendUnescaped(text, from: position)
      guard position < text.count else { break }
      appendEscape(text[position])
      position &+= 1
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

  /// Appends what JSON takes as it is, up to the next byte that it wants escaped, and says where that or the end is:
  /// looks at eight bytes while it copies them.
  private mutating func appendUnescaped(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    reserve(text.count &- start &+ 1)
    let output = base + used
    var position = start
    while position &+ 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      output.storeBytes(of: word, toByteOffset: position &- start, as: UInt64.self)
      let bytes = word.littleEndian
      let hit =
        ByteMarks.below(0x20, in: bytes) | ByteMarks.of(0x22, in: bytes) | ByteMarks.of(0x5C, in: bytes)
      if hit != 0 {
        position &+= hit.trailingZeroBitCount >> 3
        used &+= position &- start
        return position
      }
      position &+= 8
    }
    while position < text.count {
      let byte = text[position]
      if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
      output.storeBytes(of: byte, toByteOffset: position &- start, as: UInt8.self)
      position &+= 1
    }
    used &+= position &- start
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
