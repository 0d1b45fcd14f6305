import BridgeCore

/// Reading bytes that should be UTF-8 and may be anything.
enum UTF8Text {
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// Length of the well-formed character at `position`, 0 if there is none.
  static func characterLength(in text: UnsafeRawBufferPointer, at position: Int) -> Int {
    let first = text[position]
    if first < 0x80 { return 1 }
    let length: Int
    // The second byte's range keeps out overlong forms, surrogates and what lies behind U+10FFFF.
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if first == 0xE0 { lowest = 0xA0 }
      if first == 0xED { highest = 0x9F }
    case 0xF0...0xF4:
      length = 4
      if first == 0xF0 { lowest = 0x90 }
      if first == 0xF4 { highest = 0x8F }
    default: return 0
    }
    guard position &+ length <= text.count else { return 0 }
    let second = text[position &+ 1]
    guard second >= lowest, second <= highest else { return 0 }
    var next = 2
    while next < length {
      guard text[position &+ next] & 0xC0 == 0x80 else { return 0 }
      next &+= 1
    }
    return length
  }

  static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while position < text.count {
      if position &+ 8 <= text.count,
        text.loadUnaligned(fromByteOffset: position, as: UInt64.self) & highs == 0
      {
        position &+= 8
        continue
      }
      let length = characterLength(in: text, at: position)
      if length == 0 { return false }
      position &+= length
    }
    return true
  }

  /// Space to tilde only.
  static func isPrintableASCII(_ text: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while position &+ 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian
      let others = word & highs | ByteMarks.below(0x20, in: word) | ByteMarks.of(0x7F, in: word)
      if others != 0 { return false }
      position &+= 8
    }
    while position < text.count {
      if text[position] < 0x20 || text[position] > 0x7E { return false }
      position &+= 1
    }
    return true
  }

  /// Whether the well-formed character of `length` bytes at `position` is a control character (C0, DEL, C1).
  static func isControl(in text: UnsafeRawBufferPointer, at position: Int, length: Int) -> Bool {
    switch length {
    case 1: text[position] < 0x20 || text[position] == 0x7F
    case 2: text[position] == 0xC2 && text[position &+ 1] < 0xA0
    default: false
    }
  }

  /// Bytes that JSON takes for a well-formed character of `length` bytes that begins with `first`.
  static func sizeInJSON(first: UInt8, length: Int) -> Int {
    switch first {
    case 0x22, 0x5C, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
    case 0..<0x20: 6
    default: length
    }
  }
}
