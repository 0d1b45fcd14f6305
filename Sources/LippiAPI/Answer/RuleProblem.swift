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
  /// `member` cannot be `value`; `words` are the allowed ones, where there is a list.
  case valueNotAllowed(member: String, value: String, allowed: String, words: [String])
  /// `done` belongs to `delivered`, and to nothing else; `unknown` promises nothing.
  case effectContradictsClass(effect: String, ruling: String)

  /// The end of a sentence that began with the rule.
  package var sentence: String {
    switch self {
    case .unknownMember(let name):
      "has no member \(name); allowed are \(Rule.memberNames.joined(separator: ", "))"
    case .repeatedMember(let name): "has \(name) twice"
    case .matchMissing: "does not say which answers it is for; needed is one of \(Self.matchNames)"
    case .severalMatches(let first, let second):
      "has \(first) and \(second); needed is exactly one of \(Self.matchNames)"
    case .classMissing: "has no class; needed is one of \(Rule.classNames.joined(separator: ", "))"
    case .valueNotAllowed(let member, let value, let allowed, _):
      "has \(member) \"\(value)\"; allowed \(allowed)"
    case .effectContradictsClass(let effect, let ruling):
      "has effect \(effect) with class \(ruling); \(Self.agreement)"
    }
  }

  /// A word that may be a slip of the pen, and the words that could be meant.
  package var slip: (word: String, candidates: [String])? {
    switch self {
    case .unknownMember(let name): (name, Rule.memberNames)
    case .valueNotAllowed(_, let value, _, let words): words.isEmpty ? nil : (value, words)
    case .repeatedMember, .matchMissing, .severalMatches, .classMissing, .effectContradictsClass: nil
    }
  }

  private static var matchNames: String { Rule.matchNames.joined(separator: ", ") }
  static let agreement = "done goes with delivered alone, and unknown with effect unknown alone"
}

/// A problem of one rule: at the member that has it (an index), or of the rule as a whole.
package struct RuleMemberProblem: Equatable, Sendable {
  package var member: Int?
  package var problem: RuleProblem
}
