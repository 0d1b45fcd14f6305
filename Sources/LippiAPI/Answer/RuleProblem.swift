/// Why a rule of the configuration cannot be taken.
package enum RuleProblem: Error, Equatable, Sendable {
  /// Not a member that a rule has.
  case unknownMember(String)
  case repeatedMember(String)
  /// Nothing says which answers it is for.
  case matchMissing
  /// Two members say which answers it is for.
  case severalMatches(String, String)
  case classMissing
  /// `member` cannot be `value`.
  case valueNotAllowed(member: String, value: String, allowed: String)
  /// `done` belongs to `delivered`, and to nothing else.
  case effectContradictsClass(effect: String, ruling: String)

  /// One sentence for whoever wrote the rule.
  package var sentence: String {
    switch self {
    case .unknownMember(let name):
      "A rule has no member \(name); it has one of \(Rule.matchMembers), class and effect."
    case .repeatedMember(let name): "\(name) stands in the rule twice."
    case .matchMissing: "The rule does not say which answers it is for: one of \(Rule.matchMembers)."
    case .severalMatches(let first, let second):
      "The rule has \(first) and \(second); it needs exactly one of \(Rule.matchMembers)."
    case .classMissing: "The rule has no class."
    case .valueNotAllowed(let member, let value, let allowed): "\(member) is \(value), but it is \(allowed)."
    case .effectContradictsClass(let effect, let ruling):
      "Effect \(effect) does not go with class \(ruling): done goes with delivered alone."
    }
  }
}
