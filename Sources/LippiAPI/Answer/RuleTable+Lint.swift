import BridgeCore

/// A fault of the rule table, for whoever maintains it or lays rules over it.
package struct RuleTableProblem: Equatable, Sendable {
  /// Index of the rule in `RuleTable.rules`.
  package var rule: Int
  /// The end of a sentence that began with the rule.
  package var sentence: String
}

extension RuleTable {
  /// Rules that no answer can reach, that stand twice, or whose class and effect contradict each other. A built-in
  /// rule that is never reached because of the configuration is no fault: that is what overrides are for.
  package func lint() -> [RuleTableProblem] {
    var problems: [RuleTableProblem] = []
    for (index, rule) in rules.enumerated() {
      if !Rule.agree(rule.ruling, rule.effect) {
        let contradiction = RuleProblem.effectContradictsClass(
          effect: "\(rule.effect.name)", ruling: "\(rule.ruling.name)")
        problems.append(RuleTableProblem(rule: index, sentence: contradiction.sentence))
      }
      let isConfigured = index < configuredCount
      let earlier = isConfigured ? 0..<index : configuredCount..<index
      if let first = earlier.first(where: { rules[$0].match == rule.match }) {
        problems.append(RuleTableProblem(rule: index, sentence: "is for the same answers as \(name(first))"))
      } else if let shadows = shadows(of: index, among: earlier) {
        let names = shadows.map(name).joined(separator: ", ")
        problems.append(
          RuleTableProblem(rule: index, sentence: "is never reached: all of its answers go to \(names)"))
      }
    }
    return problems
  }

  /// The rules that take every answer of a rule before it is tried; nil if it gets some of them.
  func shadows(of index: Int, among earlier: Range<Int>) -> [Int]? {
    var takers: Set<Int> = []
    for answer in WitnessAnswer.answers(for: rules[index].match, among: rules.map(\.match)) {
      guard let taker = answer.withFacts({ facts in earlier.first { rules[$0].match.holds(for: facts) } })
      else { return nil }
      takers.insert(taker)
    }
    return takers.sorted()
  }

  private func name(_ index: Int) -> String {
    switch rules[index].source {
    case .builtIn: "the built-in rule \"\(rules[index].match.text)\""
    case .configuration: "rule \(index + 1) (\(rules[index].match.text))"
    }
  }
}
