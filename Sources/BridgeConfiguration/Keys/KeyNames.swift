/// The names of the table, ready to be looked up.
enum KeyNames {
  static let keys: [String: ConfigurationKey] = Dictionary(
    uniqueKeysWithValues: ConfigurationKey.all.map { ($0.name, $0) })

  /// `gateway`, `gateway.caller`, ….
  static let sections: Set<String> = Set(
    ConfigurationKey.all.flatMap { key in
      sequence(first: key.section) { $0.isEmpty ? nil : $0.section }.filter { !$0.isEmpty }
    })

  /// Every variable of a key or a whole section, with what it sets.
  static let variables: [String: String] = Dictionary(
    uniqueKeysWithValues: (Array(keys.keys) + Array(sections)).map { name in
      (ConfigurationKey.variablePrefix + name.replacingDots().uppercased(), name)
    })

  /// Variables that hold secrets themselves, with the key of the file.
  static let secretVariables: [String: ConfigurationKey] = Dictionary(
    uniqueKeysWithValues: ConfigurationKey.all.compactMap { key in key.secretVariable.map { ($0, key) } })

  static let allVariables: [String] =
    (Array(variables.keys) + Array(secretVariables.keys) + [ConfigurationFile.pathVariable]).sorted()

  /// Set by JSON from outside: lists, objects, sections.
  static func isComposite(_ name: String) -> Bool {
    switch keys[name]?.kind {
    case .list, .properties, .rules, .mapping, nil: true
    case .text, .topic, .url, .proxy, .listen, .integer, .share, .duration, .size, .flag, .choice, .start,
      .secretFile, .file:
      false
    }
  }

  /// What may stand in a section, in the table's order.
  static func members(of section: String) -> [String] {
    var names: [String] = []
    for key in ConfigurationKey.all where section.isEmpty || key.name.hasPrefix("\(section).") {
      let rest = section.isEmpty ? key.name : String(key.name.dropFirst(section.count + 1))
      let member = String(rest.prefix { $0 != "." })
      if names.last != member, !names.contains(member) { names.append(member) }
    }
    return names
  }

  /// The sentence for a name that is neither key nor section. A secret is told where it belongs; a slip of the pen
  /// and a key of another section are guessed; else the allowed names are listed.
  static func unknown(_ name: String, section: String) -> String {
    if let key = ConfigurationKey.all.first(where: { $0.secretName == name }) {
      return "\(name) is a secret and is never written here; set \(key.name) or \(key.secretVariable ?? "")"
    }
    let shown = ShownText.cut(name)
    let prefix = section.isEmpty ? "" : "\(section)."
    let members = members(of: section)
    let word = section.isEmpty ? name : String(name.dropFirst(section.count + 1))
    if let meant = Suggestion.nearest(to: word, among: members) {
      return "unknown key \(shown); did you mean \(prefix)\(meant)?"
    }
    let namesakes = ConfigurationKey.all.map(\.name).filter { $0.lastWord == name.lastWord }
    if !namesakes.isEmpty {
      return "unknown key \(shown); did you mean \(namesakes.joined(separator: " or "))?"
    }
    if let meant = Suggestion.nearest(to: name, among: ConfigurationKey.all.map(\.name)) {
      return "unknown key \(shown); did you mean \(meant)?"
    }
    if members.isEmpty {
      return "unknown key \(shown); the sections are \(self.members(of: "").joined(separator: ", "))"
    }
    return "unknown key \(shown); allowed \(section.isEmpty ? "are" : "in \(section) are") "
      + members.joined(separator: ", ")
  }
}
