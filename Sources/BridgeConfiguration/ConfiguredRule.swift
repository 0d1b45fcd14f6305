/// One rule of `gateway.rules`: names and values, checked by whoever knows what they mean.
package struct ConfiguredRule: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package var name: String
    package var value: String
    package var place: SettingPlace
  }

  /// Place in the list, from 1.
  package var number: Int
  package var members: [Member]
  package var place: SettingPlace

  /// Where it is written, for a person: file, line and column, or which one of a variable or an option.
  package var shownPlace: String {
    switch place {
    case .file, .wholeFile, .standard, .nowhere: place.description
    case .variable, .option: "\(place), rule \(number)"
    }
  }

  static func beginning(_ number: Int) -> String { "rule \(number)" }
}

/// What is wrong with one of the rules.
package struct ConfiguredRuleFault: Hashable, Sendable {
  /// Index into the rules that were checked.
  package var rule: Int
  /// Index of the member that is wrong; nil for the rule as a whole.
  package var member: Int?
  /// The end of a sentence that begins with the rule.
  package var sentence: String

  package init(rule: Int, member: Int?, sentence: String) {
    self.rule = rule
    self.member = member
    self.sentence = sentence
  }
}

/// Knows what rules mean, and finds everything that is wrong with them.
package typealias ConfiguredRuleCheck = @Sendable ([ConfiguredRule]) -> [ConfiguredRuleFault]

extension ConfigurationReader {
  /// What `gateway.rules` holds; rules with a fault of their form are missing.
  var rules: [ConfiguredRule] {
    guard let setting = settings[ConfigurationKey.rules.name], case .rules(let texts) = setting.value else {
      return []
    }
    return texts.map { text in
      ConfiguredRule(
        number: text.number,
        members: text.members.map {
          ConfiguredRule.Member(name: $0.name, value: $0.value, place: setting.place.moved(to: $0.position))
        },
        place: setting.place.moved(to: text.position))
    }
  }

  mutating func checkRules(_ check: ConfiguredRuleCheck) {
    let rules = rules
    guard !rules.isEmpty else { return }
    for fault in check(rules) {
      let rule = rules[fault.rule]
      let place = fault.member.map { rule.members[$0].place } ?? rule.place
      report(
        place,
        "\(ConfigurationKey.rules.name) \(ConfiguredRule.beginning(rule.number)) \(fault.sentence)")
    }
  }
}

extension Configuration {
  /// The rules alone, as `read` would settle them: nothing else has to be set.
  /// - Throws: all that is wrong with what is written, as far as it can be told without secrets and defaults.
  package static func readRules(
    _ sources: ConfigurationSources
  ) throws(ConfigurationRefusal) -> [ConfiguredRule] {
    var reader = ConfigurationReader(hostName: sources.hostName, filePath: sources.file?.path)
    reader.readLayers(of: sources)
    reader.checkRules(sources.checks.rules)
    guard reader.problems.isEmpty else { throw ConfigurationRefusal(problems: reader.problems) }
    return reader.rules
  }
}

extension SettingPlace {
  /// Another position in the same text.
  func moved(to position: TextPosition) -> SettingPlace {
    switch self {
    case .file(let path, _): .file(path: path, position: position)
    case .wholeFile, .variable, .option, .standard, .nowhere: self
    }
  }
}
