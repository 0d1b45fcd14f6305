/// A key with its value and where it comes from, for a person or for a program.
package enum KeyExplanation {
  private static let lineLength = 100

  /// Several lines, the last one ended.
  package static func text(_ finding: KeyFinding) -> String {
    let key = finding.key
    var rows = [("from", source(finding))]
    rows.append(("allowed", allowed(key)))
    if let standard = standardText(key) { rows.append(("default", standard)) }
    rows.append(
      ("variable", key.secretVariable.map { "\($0) (the secret itself), \(key.variable)" } ?? key.variable))
    var text = "\(key.name): \(valueText(finding))\n"
    for (label, sentence) in rows {
      let lead = "  \(label)\(String(repeating: " ", count: 8 - label.count))  "
      text += TextWrap.lines(sentence, limit: lineLength - lead.count).enumerated()
        .map { ($0 == 0 ? lead : String(repeating: " ", count: lead.count)) + $1 + "\n" }.joined()
    }
    return text + TextWrap.lines(key.explanation, limit: lineLength - 2).map { "  \($0)\n" }.joined()
  }

  package static func json(_ finding: KeyFinding) -> JSONValue {
    let key = finding.key
    var value: String?
    var place: SettingPlace?
    if case .set(let shown) = finding.value { (value, place) = (shown.value, shown.place) }
    var members: [(String, JSONValue)] = [
      ("key", .text(key.name)), ("value", .optional(value)), ("source", .text(sourceWord(finding))),
      ("place", .optional(place == .standard ? nil : place?.description)),
      ("type", .text(key.kind.typeName)), ("allowed", .optional(key.kind.allowedValues)),
      ("units", .array(key.kind.units.map { .text($0) })), ("default", .optional(standardText(key))),
    ]
    if case .required = key.standard {
      members.append(("required", .flag(true)))
    } else {
      members.append(("required", .flag(false)))
    }
    members += [
      ("variable", .text(key.variable)), ("secret_variable", .optional(key.secretVariable)),
      ("meaning", .text(key.explanation)),
    ]
    return .object(members)
  }

  /// `whole number: 1 to 4096`.
  static func allowed(_ key: ConfigurationKey) -> String {
    [key.kind.typeName, key.kind.allowedValues].compactMap { $0 }.joined(separator: ": ")
  }

  static func standardText(_ key: ConfigurationKey) -> String? {
    switch key.standard {
    case .value(let text): text
    case .hostName: "the name of the host"
    case .none, .required: nil
    }
  }

  private static func valueText(_ finding: KeyFinding) -> String {
    switch finding.value {
    case .set(let shown): shown.value
    case .unset: "(not set)"
    case .missing: "(not set, but required)"
    case .unusable: "(set to something that cannot be used)"
    }
  }

  private static func source(_ finding: KeyFinding) -> String {
    switch finding.value {
    case .set(let shown): shown.place.description
    case .unset, .missing: "nowhere"
    case .unusable: "see the fault"
    }
  }

  private static func sourceWord(_ finding: KeyFinding) -> String {
    switch finding.value {
    case .set(let shown):
      switch shown.place {
      case .file, .wholeFile: "file"
      case .variable: "environment"
      case .option: "option"
      case .standard, .nowhere: "default"
      }
    case .unset: "unset"
    case .missing: "missing"
    case .unusable: "unusable"
    }
  }
}

/// Words in lines.
enum TextWrap {
  static func lines(_ text: String, limit: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= limit {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
