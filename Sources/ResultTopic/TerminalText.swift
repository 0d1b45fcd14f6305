package import BridgeCore

/// Makes texts of others safe to be written to a terminal.
package enum TerminalText {
  /// Control characters, and those that turn the direction of writing around, become a visible mark.
  package static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { safe.append(isHarmful(scalar) ? "\u{FFFD}" : scalar) }
    return String(safe)
  }

  /// Appends a JSON text as one line that means the same: harmful characters inside texts become escapes, line breaks
  /// between them blanks.
  package static func appendJSONLine(_ json: UnsafeRawBufferPointer, to line: inout ByteBuffer) {
    var start = 0
    var index = 0
    while index < json.count {
      guard let found = harmful(at: index, in: json) else {
        index += 1
        continue
      }
      line.append(UnsafeRawBufferPointer(rebasing: json[start..<index]))
      // Valid JSON has control characters below 0x20 between its tokens only.
      if found.scalar < 0x20 { line.append(UInt8(ascii: " ")) } else { appendEscape(found.scalar, to: &line) }
      index += found.length
      start = index
    }
    line.append(UnsafeRawBufferPointer(rebasing: json[start...]))
    line.append(UInt8(ascii: "\n"))
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool { isHarmful(scalar.value) }

  private static func isHarmful(_ scalar: UInt32) -> Bool {
    switch scalar {
    // C0, DEL and C1.
    case 0...0x1F, 0x7F...0x9F: true
    // Direction marks, line and paragraph separators, embeddings, isolates.
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// The harmful character that begins at `index`, if one does; `json` is UTF-8.
  private static func harmful(at index: Int, in json: UnsafeRawBufferPointer) -> (
    scalar: UInt32, length: Int
  )? {
    let first = json[index]
    let scalar: UInt32
    let length: Int
    switch first {
    case 0...0x1F, 0x7F: (scalar, length) = (UInt32(first), 1)
    case 0xC2, 0xD8:
      guard index + 1 < json.count else { return nil }
      (scalar, length) = (UInt32(first & 0x1F) << 6 | UInt32(json[index + 1] & 0x3F), 2)
    case 0xE2:
      guard index + 2 < json.count else { return nil }
      (scalar, length) = (
        UInt32(first & 0x0F) << 12 | UInt32(json[index + 1] & 0x3F) << 6 | UInt32(json[index + 2] & 0x3F), 3
      )
    default: return nil
    }
    return isHarmful(scalar) ? (scalar, length) : nil
  }

  private static func appendEscape(_ scalar: UInt32, to line: inout ByteBuffer) {
    line.append("\\u")
    for shift in [UInt32(12), 8, 4, 0] {
      let digit = UInt8(truncatingIfNeeded: scalar >> shift & 15)
      line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}
