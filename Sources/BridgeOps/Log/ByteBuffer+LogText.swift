import BridgeCore

extension ByteBuffer {
  /// A JSON string in which nothing acts on the terminal or editor that shows it: beside what JSON wants escaped, the
  /// control characters beyond ASCII, line separators, and whatever changes the direction of writing or is invisible.
  mutating func appendLogString(_ text: String) {
    guard text.unicodeScalars.contains(where: Self.isUnsafe) else { return appendJSONString(text: text) }
    append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": append("\\n")
      case "\r": append("\\r")
      case "\t": append("\\t")
      case "\"": append("\\\"")
      case "\\": append("\\\\")
      default:
        if scalar.value < 0x20 || Self.isUnsafe(scalar) {
          for unit in UTF16.encode(scalar)! { appendEscape(of: unit) }
        } else {
          for byte in UTF8.encode(scalar)! { append(byte) }
        }
      }
    }
    append(UInt8(ascii: "\""))
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x7f else { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: true
    default: false
    }
  }

  private mutating func appendEscape(of unit: UInt16) {
    let digits = String(unit, radix: 16)
    append("\\u")
    append(text: String(repeating: "0", count: 4 - digits.count) + digits)
  }
}
