import BridgeCore
import Testing

@testable import LippiAPI

private func verdict(_ body: String, status: Int = 200, _ rules: RuleTable) -> Verdict {
  var classifier = AnswerClassifier(rules: rules)
  var answer = GatewayAnswer()
  return Array(body.utf8).withUnsafeBytes {
    classifier.classify(status: status, retryAfterSeconds: nil, body: $0, into: &answer)
  }
}

private func problem(_ members: [(String, String)]) -> RuleProblem? {
  do throws(RuleProblem) {
    _ = try Rule(members: members.map { (name: $0.0, value: $0.1) })
    return nil
  } catch { return error }
}

private func table(_ rules: [(String, String)]...) throws -> RuleTable {
  RuleTable(overrides: try rules.map { try Rule(members: $0.map { (name: $0.0, value: $0.1) }) })
}

private let systemError =
  #"{"alibaba_lyservice_lippi_message_send_response":{"result":{"msg":"SYSTEM_ERROR","code":"400001","data":"11496248","success":false}}}"#

@Suite struct ConfiguredRulesTests {
  @Test func theDocumentedLineMakesASystemErrorTemporary() throws {
    #expect(verdict(systemError, RuleTable()) == Verdict(.refused, effect: .none, refuser: .backend))
    let rules = try table([("result_code", "400001"), ("class", "temporary")])
    #expect(verdict(systemError, rules) == Verdict(.temporary, effect: .unknown, refuser: .backend))
    let promised = try table([("result_code", "400001"), ("class", "temporary"), ("effect", "none")])
    #expect(verdict(systemError, promised).effect == .none)
    let other = systemError.replacing("400001", with: "400002")
    #expect(verdict(other, rules).ruling == .refused)
    #expect(verdict(systemError.replacing("false", with: "true"), rules).ruling == .delivered)
  }

  /// member, value, an answer that it matches, its status, one that it does not match
  @Test(
    arguments: [
      ("sub_code", "isv.busy", #"{"error_response":{"code":15,"sub_code":"isv.busy"}}"#, 200, "isv.busy"),
      ("sub_code_prefix", "isv.b", #"{"error_response":{"code":15,"sub_code":"isv.busy"}}"#, 200, "isv.b"),
      ("code", "15", #"{"error_response":{"code":15,"sub_code":"isv.busy"}}"#, 200, "15"),
      ("code", "14-16", #"{"error_response":{"code":15}}"#, 200, "15"),
      ("http_status", "403", "<html>", 403, ""), ("http_status", "400-499", "<html>", 451, ""),
    ])
  func everyMemberMatches(_ member: String, _ value: String, _ body: String, _ status: Int, _ part: String)
    throws
  {
    let rules = try table([(member, value), ("class", "not_temporary")])
    #expect(verdict(body, status: status, rules) == Verdict(.notTemporary, effect: .unknown))
    let (otherBody, otherStatus) = part.isEmpty ? (body, 503) : (body.replacing(part, with: "99"), status)
    #expect(verdict(otherBody, status: otherStatus, rules).ruling != .notTemporary)
  }

  @Test func theFirstRuleThatHoldsDecides() throws {
    let rules = try table(
      [("code", "7"), ("class", "temporary")], [("code", "0-100"), ("class", "unknown")])
    #expect(verdict(#"{"error_response":{"code":7}}"#, rules).ruling == .temporary)
    #expect(verdict(#"{"error_response":{"code":25}}"#, rules).ruling == .unknown)
  }

  @Test(
    arguments: [
      ([("class", "temporary")], RuleProblem.matchMissing), ([("result_code", "1")], .classMissing),
      ([("result_code", "1"), ("code", "1"), ("class", "unknown")], .severalMatches("result_code", "code")),
      ([("code", "1"), ("msg", "x"), ("class", "unknown")], .unknownMember("msg")),
      ([("code", "1"), ("code", "2"), ("class", "unknown")], .repeatedMember("code")),
      (
        [("code", "1"), ("class", "unknown"), ("effect", "none")],
        .effectContradictsClass(effect: "none", ruling: "unknown")
      ),
      (
        [("code", "1"), ("class", "temporary"), ("effect", "done")],
        .effectContradictsClass(effect: "done", ruling: "temporary")
      ),
      (
        [("code", "1"), ("class", "delivered"), ("effect", "none")],
        .effectContradictsClass(effect: "none", ruling: "delivered")
      ),
      (
        [("sub_code", " "), ("class", "temporary")],
        .valueNotAllowed(member: "sub_code", value: " ", allowed: "is a text", words: [])
      ),
    ] as [([(String, String)], RuleProblem)])
  func whatIsWrongIsSaid(_ members: [(String, String)], _ expected: RuleProblem) {
    #expect(problem(members) == expected)
    #expect(Rule.problems(of: members.map { (name: $0.0, value: $0.1) }).map(\.problem) == [expected])
  }

  @Test(arguments: [
    ("code", "x"), ("code", "-1"), ("code", "9-3"), ("code", "1-2-3"), ("code", "5-"), ("code", ""),
    ("code", "99999999999999999999"), ("code", "+5"), ("code", "4--5"), ("http_status", "99"),
    ("http_status", "200-600"),
    ("class", "Temporary"), ("class", ""), ("effect", "maybe"), ("result_code", ""),
  ])
  func valuesOutsideAreRefused(_ member: String, _ value: String) {
    guard case .valueNotAllowed(member, _, _, _) = problem([(member, value)]) else {
      Issue.record("\(member): \(value) gave \(String(describing: problem([(member, value)])))")
      return
    }
  }
}

@Suite struct RuleRowsTests {
  @Test func rowsStandInTheOrderOfTheRules() throws {
    let rules = try table([("result_code", "400001"), ("class", "temporary")])
    let rows = rules.rows
    #expect(rows.count == rules.rules.count)
    #expect(
      rows[0]
        == RuleRow(
          source: .configuration(place: "the configuration"), match: "success false, result_code 400001",
          ruling: .temporary, effect: .unknown, refuser: nil, comment: "", overriddenBy: []))
    #expect(rows.dropFirst().allSatisfy { $0.source == .builtIn })
    #expect(rows.last?.match == "anything else")
    #expect(
      Set(rows.dropFirst().map(\.match)).count == rows.count - 1, "a row that stands twice never decides")
    let forms = [
      "success true", "success false", "sub_code isp.top-remote-connection-error", "sub_code isv.*",
      "code 4-8", "code 15, sub_code isv.*", "code 15, bare sub_code", "any code, bare sub_code",
      "code 15, no sub_code", "no envelope, http_status 300-399", "no envelope, any other http_status",
    ]
    for form in forms { #expect(rows.contains { $0.match == form }, "\(form)") }
  }

  @Test func theRowOfASystemErrorShowsTheLineThatWorks() throws {
    let row = try #require(RuleTable().rows.first { $0.match == "success false, result_code 400001" })
    #expect(row.ruling == .refused)
    #expect(row.refuser == .backend)
    #expect(row.comment.hasSuffix(#"- {result_code: "400001", class: temporary}"#))
  }

  /// Effect none is a promise, and done belongs to what was delivered.
  @Test func classesAndEffectsAgree() {
    #expect(RuleTable().version == RuleTable.builtInVersion)
    for row in RuleTable().rows {
      #expect((row.ruling == .delivered) == (row.effect == .done), "\(row.match)")
      switch row.ruling {
      case .flowControl, .backendNotReached, .configurationFault, .clockFault, .programmingFault, .refused:
        #expect(row.effect == .none, "\(row.match)")
      case .unknown, .notTemporary: #expect(row.effect == .unknown, "\(row.match)")
      case .delivered, .temporary: break
      }
    }
  }
}
