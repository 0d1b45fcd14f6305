/// What is set and what is wrong with it, also where no configuration comes of it.
package struct ConfigurationSurvey: Sendable {
  /// One for each key, in the table's order.
  package var findings: [KeyFinding]
  package var problems: [ConfigurationProblem]

  /// Faults beside keys that are missing.
  package var faults: [ConfigurationProblem] { problems.filter { $0.kind == .fault } }
}

/// A key with what was found about it.
package struct KeyFinding: Sendable {
  package enum Value: Sendable, Hashable {
    /// Secrets are redacted.
    case set(ShownSetting)
    /// Nobody set it and it has no default.
    case unset
    /// Nobody set it, but it has to be.
    case missing
    /// Somebody set it to something that cannot be used; a problem says what.
    case unusable
  }

  package var key: ConfigurationKey
  package var value: Value
}

extension Configuration {
  /// Reads everything as `read` does and tells what was found, whatever is wrong.
  package static func survey(_ sources: ConfigurationSources) -> ConfigurationSurvey {
    let reader = ConfigurationReader.settled(sources)
    let findings = ConfigurationKey.all.map { key in
      KeyFinding(key: key, value: value(of: key, in: reader))
    }
    return ConfigurationSurvey(findings: findings, problems: reader.problems)
  }

  private static func value(of key: ConfigurationKey, in reader: ConfigurationReader) -> KeyFinding.Value {
    if reader.broken.contains(key.name) { return .unusable }
    if let shown = Configuration.shown(key, reader.settings, reader.secrets) { return .set(shown) }
    switch key.standard {
    case .required: return .missing
    case .none: return .unset
    // A host without a name.
    case .hostName, .value: return .missing
    }
  }
}
