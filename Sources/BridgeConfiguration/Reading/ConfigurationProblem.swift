/// Where a setting stands.
package enum SettingPlace: Hashable, Sendable, CustomStringConvertible {
  case file(path: String, position: TextPosition)
  /// The file as a whole.
  case wholeFile(path: String)
  /// An environment variable.
  case variable(String)
  /// A `--set`; the name before the equals sign.
  case option(String)
  /// Nobody set it: the default.
  case standard
  /// Nobody set it, and there is no file that could be named.
  case nowhere

  package var description: String {
    switch self {
    case .file(let path, let position): "\(path):\(position.line):\(position.column)"
    case .wholeFile(let path): path
    case .variable(let name): name
    case .option(let name): "--set \(name)"
    case .standard: "default"
    case .nowhere: "configuration"
    }
  }
}

/// One fault of the configuration, for a person: where, what, what is allowed. Never a secret.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    case fault
    /// A required key is not set.
    case missing
  }

  package var place: SettingPlace
  package var sentence: String
  package var kind = Kind.fault

  package var description: String { "\(place): \(sentence)" }
}

/// The configuration cannot be used; all that is wrong with it.
package struct ConfigurationRefusal: Error, Sendable, CustomStringConvertible {
  package var problems: [ConfigurationProblem]

  package init(problems: [ConfigurationProblem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
