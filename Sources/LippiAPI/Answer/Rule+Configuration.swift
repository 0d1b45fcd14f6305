import BridgeCore

extension Rule {
  /// Members that say which answers a rule of the configuration is for.
  static let matchNames = ["sub_code", "sub_code_prefix", "code", "result_code", "http_status"]
  static let memberNames = matchNames + ["class", "effect"]
  static let classNames = VerdictClass.allCases.map { "\($0.name)" }

  /// A rule of the configuration, for example `result_code: "400001"` with `class: temporary`: its members as text, in
  /// any order. Exactly one member says which answers it is for, `class` what they mean, `effect` whether the agent may
  /// have got the message.
  ///
  /// Without `effect` it is unknown (done for delivered), whatever the built-in rule says: whoever makes a refusal
  /// temporary has not promised that nothing was executed, and a repeat must not pass for a first send. `effect: none`
  /// states that promise.
  ///
  /// - Parameter place: where it is written, for whoever reads the table.
  /// - Throws: the first of its problems.
  package init(
    members: [(name: String, value: String)], place: String = "the configuration"
  ) throws(RuleProblem) {
    var reading = MemberReading(members)
    guard let rule = reading.rule(place) else { throw reading.problems[0].problem }
    self = rule
  }

  /// Everything that is wrong with such a rule, in the order of its members.
  package static func problems(of members: [(name: String, value: String)]) -> [RuleMemberProblem] {
    var reading = MemberReading(members)
    _ = reading.rule("")
    return reading.problems
  }

  /// Whether class and effect can stand in one rule.
  static func agree(_ ruling: VerdictClass, _ effect: Effect) -> Bool {
    switch ruling {
    case .delivered: effect == .done
    // Nobody knows the answer: nobody can promise that nothing came of it.
    case .unknown: effect == .unknown
    case .flowControl, .backendNotReached, .temporary, .notTemporary, .configurationFault, .clockFault,
      .programmingFault, .refused:
      effect != .done
    }
  }
}

/// Goes through the members once and keeps what they say, and every problem.
private struct MemberReading {
  var problems: [RuleMemberProblem] = []
  private var match: Rule.Match?
  private var ruling: VerdictClass?
  private var effect: Effect?
  private var effectMember: Int?
  /// Told apart from what is missing: a value that is there but wrong.
  private var names: Set<String> = []

  init(_ members: [(name: String, value: String)]) {
    var firstMatch: String?
    for (index, member) in members.enumerated() {
      let (name, value) = member
      do throws(RuleProblem) {
        guard Rule.memberNames.contains(name) else { throw .unknownMember(name) }
        guard names.insert(name).inserted else { throw .repeatedMember(name) }
        switch name {
        case "class":
          ruling = try Self.word(name, value, VerdictClass.allCases) { "\($0.name)" }
        case "effect":
          effectMember = index
          effect = try Self.word(name, value, Effect.allCases) { "\($0.name)" }
        default:
          if let firstMatch { throw .severalMatches(firstMatch, name) }
          firstMatch = name
          match = try Self.match(name, value)
        }
      } catch {
        problems.append(RuleMemberProblem(member: index, problem: error))
      }
    }
    // A member that nobody knows may be meant for it.
    if firstMatch == nil, names.isSuperset(of: members.map(\.name)) {
      problems.append(RuleMemberProblem(member: nil, problem: .matchMissing))
    }
    if !names.contains("class") { problems.append(RuleMemberProblem(member: nil, problem: .classMissing)) }
  }

  /// Nil: there are problems.
  mutating func rule(_ place: String) -> Rule? {
    guard let ruling else { return nil }
    let stated = effect ?? (ruling == .delivered ? .done : .unknown)
    if !Rule.agree(ruling, stated) {
      problems.append(
        RuleMemberProblem(
          member: effectMember,
          problem: .effectContradictsClass(effect: "\(stated.name)", ruling: "\(ruling.name)")))
    }
    guard problems.isEmpty, let match else { return nil }
    let refuser: Refuser = if case .resultCode = match { .backend } else { .gateway }
    var rule = Rule(match, ruling, stated, refuser: refuser)
    rule.source = .configuration(place: place)
    return rule
  }

  private static func match(_ name: String, _ value: String) throws(RuleProblem) -> Rule.Match {
    switch name {
    case "sub_code": return .subCode(try notBlank(name, value))
    case "sub_code_prefix": return .subCodePrefix(try notBlank(name, value))
    case "result_code": return .resultCode(try notBlank(name, value))
    case "code":
      let codes = try range(name, value, 0...Int64.max, "is a number from 0, or two as 21-29")
      return .code(codes, subCodePrefix: "")
    case "http_status":
      let statuses = try range(name, value, 100...599, "is a number from 100 to 599, or two as 500-599")
      return .httpStatus(Int(statuses.lowerBound)...Int(statuses.upperBound))
    default: throw .unknownMember(name)
    }
  }

  private static func notBlank(_ name: String, _ value: String) throws(RuleProblem) -> String {
    guard !value.allSatisfy(\.isWhitespace) else {
      throw .valueNotAllowed(member: name, value: value, allowed: "is a text", words: [])
    }
    return value
  }

  private static func range(
    _ name: String, _ value: String, _ limits: ClosedRange<Int64>, _ allowed: String
  ) throws(RuleProblem) -> ClosedRange<Int64> {
    let parts = value.split(separator: "-", omittingEmptySubsequences: false)
    // Int64 would take a sign.
    let bounds = parts.map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64($0) : nil }
    guard let lower = bounds.first ?? nil, let upper = bounds.last ?? nil, bounds.count <= 2, lower <= upper,
      limits.contains(lower), limits.contains(upper)
    else { throw .valueNotAllowed(member: name, value: value, allowed: allowed, words: []) }
    return lower...upper
  }

  private static func word<Choice>(
    _ member: String, _ value: String, _ choices: [Choice], _ name: (Choice) -> String
  ) throws(RuleProblem) -> Choice {
    if let choice = choices.first(where: { name($0) == value }) { return choice }
    let words = choices.map(name)
    throw .valueNotAllowed(
      member: member, value: value, allowed: "are \(words.joined(separator: ", "))", words: words)
  }
}
