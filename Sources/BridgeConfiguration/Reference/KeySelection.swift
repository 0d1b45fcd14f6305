/// Which keys a person means by some words.
package enum KeySelection {
  package struct UnknownName: Error {
    package var sentence: String
  }

  /// The keys of all `names`, in the table's order; all keys if there are no names. A name is a key, a section
  /// (`gateway`), the beginning of one (`gateway.c`), a variable, or the name of a secret.
  package static func keys(named names: [String]) throws(UnknownName) -> [ConfigurationKey] {
    guard !names.isEmpty else { return ConfigurationKey.all }
    var chosen: Set<String> = []
    for name in names {
      let found = keys(named: name)
      guard !found.isEmpty else { throw UnknownName(sentence: sentence(unknown: name)) }
      chosen.formUnion(found.map(\.name))
    }
    return ConfigurationKey.all.filter { chosen.contains($0.name) }
  }

  private static func keys(named name: String) -> [ConfigurationKey] {
    let exact = ConfigurationKey.all.filter { key in
      [key.name, key.variable, key.secretName, key.secretVariable].contains(name)
        || key.name.hasPrefix("\(name).")
    }
    // The empty text is the beginning of everything, but nobody means that.
    return exact.isEmpty && !name.isEmpty ? ConfigurationKey.all.filter { $0.name.hasPrefix(name) } : exact
  }

  private static func sentence(unknown name: String) -> String {
    let names = ConfigurationKey.all.map(\.name) + KeyNames.sections.sorted() + KeyNames.allVariables
    let shown = ShownText.cut(name)
    if let meant = Suggestion.nearest(to: name, among: names) {
      return "unknown key \(shown); did you mean \(meant)?"
    }
    let namesakes = ConfigurationKey.all.map(\.name).filter { key in
      [name.lastWord, "\(name.lastWord)_file"].contains(key.lastWord)
    }
    if !namesakes.isEmpty {
      return "unknown key \(shown); did you mean \(namesakes.joined(separator: " or "))?"
    }
    return "unknown key \(shown); the sections are \(KeyNames.members(of: "").joined(separator: ", "))"
  }
}
