internal import BridgeConfiguration
internal import LippiAPI

/// Between the rules as they are written and the table that judges answers.
extension RuleTable {
  /// Everything that is wrong with the rules of a configuration: each by itself, then what they do to each other.
  static func faults(in rules: [ConfiguredRule]) -> [ConfiguredRuleFault] {
    let faults = rules.enumerated().flatMap { index, rule in
      Rule.problems(of: rule.texts).map { found in
        ConfiguredRuleFault(
          rule: index, member: found.member, sentence: found.problem.sentence + suggestion(for: found.problem)
        )
      }
    }
    guard faults.isEmpty else { return faults }
    return RuleTable(configured: rules).lint().filter { $0.rule < rules.count }.map {
      ConfiguredRuleFault(rule: $0.rule, member: nil, sentence: $0.sentence)
    }
  }

  /// - Precondition: the rules have no faults.
  init(configured rules: [ConfiguredRule]) {
    self.init(
      overrides: rules.map { rule in
        do throws(RuleProblem) {
          return try Rule(members: rule.texts, place: rule.shownPlace)
        } catch {
          preconditionFailure("a rule with a fault is a problem, not a configuration")
        }
      })
  }

  private static func suggestion(for problem: RuleProblem) -> String {
    guard let slip = problem.slip,
      let meant = Suggestion.nearest(to: slip.word, among: slip.candidates)
    else { return "" }
    return "; did you mean \(meant)?"
  }
}

extension ConfiguredRule {
  fileprivate var texts: [(name: String, value: String)] { members.map { ($0.name, $0.value) } }
}
