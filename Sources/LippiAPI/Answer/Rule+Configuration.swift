import BridgeCore

extension Rule {
  /// Members that say which answers a rule of the configuration is for.
  static let matchMembers = "sub_code, sub_code_prefix, code, result_code, http_status"

  /// A rule of the configuration, for example `result_code: "400001"` with `class: temporary`: its members as text, in
  /// any order. Exactly one member says which answers it is for, `class` what they mean, `effect` whether the agent may
  /// have got the message.
  ///
  /// Without `effect` it is unknown (done for delivered), whatever the built-in rule says: whoever makes a refusal
  /// temporary has not promised that nothing was executed, and a repeat must not pass for a first send. `effect: none`
  /// states that promise.
  package init(members: [(name: String, value: String)]) throws(RuleProblem) {
    var matched: (name: String, match: Match)?
    var ruling: VerdictClass?
    var effect: Effect?
    var names: Set<String> = []
    for (name, value) in members {
      guard names.insert(name).inserted else { throw .repeatedMember(name) }
      switch name {
      case "class": ruling = try Self.ruling(value)
      case "effect": effect = try Self.effect(value)
      default:
        let match = try Self.match(name, value)
        if let matched { throw .severalMatches(matched.name, name) }
        matched = (name, match)
      }
    }
    guard let matched else { throw .matchMissing }
    guard let ruling else { throw .classMissing }
    let stated = effect ?? (ruling == .delivered ? .done : .unknown)
    guard (ruling == .delivered) == (stated == .done) else {
      throw .effectContradictsClass(effect: "\(stated.name)", ruling: "\(ruling.name)")
    }
    let refuser: Refuser = if case .resultCode = matched.match { .backend } else { .gateway }
    self.init(matched.match, ruling, stated, refuser: refuser, "from the configuration")
  }

  private static func match(_ name: String, _ value: String) throws(RuleProblem) -> Match {
    switch name {
    case "sub_code": return .subCode(try notBlank(name, value))
    case "sub_code_prefix": return .subCodePrefix(try notBlank(name, value))
    case "result_code": return .resultCode(try notBlank(name, value))
    case "code":
      let codes = try range(name, value, 0...Int64.max, "a number from 0, or two as 21-29")
      return .code(codes, subCodePrefix: "")
    case "http_status":
      let statuses = try range(name, value, 100...599, "a number from 100 to 599, or two as 500-599")
      return .httpStatus(Int(statuses.lowerBound)...Int(statuses.upperBound))
    default: throw .unknownMember(name)
    }
  }

  private static func notBlank(_ name: String, _ value: String) throws(RuleProblem) -> String {
    guard !value.allSatisfy(\.isWhitespace) else {
      throw .valueNotAllowed(member: name, value: "blank", allowed: "a text")
    }
    return value
  }

  private static func range(
    _ name: String, _ value: String, _ limits: ClosedRange<Int64>, _ allowed: String
  ) throws(RuleProblem) -> ClosedRange<Int64> {
    let bounds = value.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
    guard let lower = bounds.first ?? nil, let upper = bounds.last ?? nil, bounds.count <= 2, lower <= upper,
      limits.contains(lower), limits.contains(upper)
    else { throw .valueNotAllowed(member: name, value: value, allowed: allowed) }
    return lower...upper
  }

  private static func ruling(_ value: String) throws(RuleProblem) -> VerdictClass {
    if let ruling = VerdictClass.allCases.first(where: { "\($0.name)" == value }) { return ruling }
    throw .valueNotAllowed(
      member: "class", value: value,
      allowed: "one of " + VerdictClass.allCases.map { "\($0.name)" }.joined(separator: ", "))
  }

  private static func effect(_ value: String) throws(RuleProblem) -> Effect {
    if let effect = Effect.allCases.first(where: { "\($0.name)" == value }) { return effect }
    throw .valueNotAllowed(
      member: "effect", value: value,
      allowed: "one of " + Effect.allCases.map { "\($0.name)" }.joined(separator: ", "))
  }
}
