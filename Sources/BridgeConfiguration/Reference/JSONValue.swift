/// JSON that is written: members stay in their order.
package enum JSONValue {
  case null
  case flag(Bool)
  case number(Int64)
  /// As it is written.
  case fraction(String)
  case text(String)
  case array([JSONValue])
  case object([(String, JSONValue)])

  /// Nil becomes null.
  package static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }

  /// On one line.
  package var compact: String {
    switch self {
    case .null, .flag, .number, .fraction, .text: scalar
    case .array(let members): "[\(members.map(\.compact).joined(separator: ","))]"
    case .object(let members):
      "{\(members.map { "\(Self.quoted($0.0)):\($0.1.compact)" }.joined(separator: ","))}"
    }
  }

  /// Over lines, two spaces a level; lists of single values stay on theirs.
  package func indented(_ depth: Int = 0) -> String {
    let inner = String(repeating: "  ", count: depth + 1)
    let outer = String(repeating: "  ", count: depth)
    switch self {
    case .null, .flag, .number, .fraction, .text: return scalar
    case .array(let members) where members.allSatisfy(\.isScalar):
      return "[\(members.map(\.scalar).joined(separator: ", "))]"
    case .array(let members):
      let lines = members.map { inner + $0.indented(depth + 1) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
    case .object(let members) where members.isEmpty:
      return "{}"
    case .object(let members):
      let lines = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.indented(depth + 1))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
    }
  }

  private var isScalar: Bool {
    switch self {
    case .null, .flag, .number, .fraction, .text: true
    case .array, .object: false
    }
  }

  private var scalar: String {
    switch self {
    case .null: "null"
    case .flag(let flag): flag ? "true" : "false"
    case .number(let number): String(number)
    case .fraction(let text): text
    case .text(let text): Self.quoted(text)
    case .array, .object: compact
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default:
        if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }
}
