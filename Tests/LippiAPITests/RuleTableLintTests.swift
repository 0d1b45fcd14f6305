import BridgeCore
import Testing

@testable import LippiAPI

private func rule(_ members: (String, String)..., place: String = "here") throws -> Rule {
  try Rule(members: members.map { (name: $0.0, value: $0.1) }, place: place)
}

@Suite struct RuleTableLintTests {
  @Test func theBuiltInRulesHaveNoFault() {
    #expect(RuleTable().lint() == [])
  }

  /// Every built-in rule decides about an answer that no earlier one takes, and says what it is for.
  @Test func everyBuiltInRuleSaysWhatItMeans() {
    for row in RuleTable().rows {
      #expect(!row.comment.isEmpty, "\(row.match)")
      #expect(row.overriddenBy == [], "\(row.match)")
    }
  }

  /// members of the earlier rules, of the last one → what is wrong with the last one
  @Test(
    arguments: [
      ([[("code", "15")]], [("code", "15")], "is for the same answers as rule 1 (code 15)"),
      (
        [[("code", "10-20")]], [("code", "15")],
        "is never reached: all of its answers go to rule 1 (code 10-20)"
      ),
      (
        [[("code", "1-5")], [("code", "6-10")]], [("code", "4-7")],
        "is never reached: all of its answers go to rule 1 (code 1-5), rule 2 (code 6-10)"
      ),
      (
        [[("sub_code_prefix", "isv.")]], [("sub_code", "isv.busy")],
        "is never reached: all of its answers go to rule 1 (sub_code isv.*)"
      ),
      (
        [[("sub_code_prefix", "isv.")]], [("sub_code_prefix", "isv.b")],
        "is never reached: all of its answers go to rule 1 (sub_code isv.*)"
      ),
      (
        [[("http_status", "500-599")]], [("http_status", "503")],
        "is never reached: all of its answers go to rule 1 (no envelope, http_status 500-599)"
      ),
      ([[("code", "10-20")]], [("code", "15-21")], nil),
      ([[("sub_code", "isv.b")]], [("sub_code_prefix", "isv.b")], nil),
      ([[("sub_code_prefix", "isv.b")]], [("sub_code_prefix", "isv.")], nil),
      ([[("code", "0-9223372036854775807")]], [("sub_code", "isv.busy")], nil),
      ([[("code", "15")]], [("result_code", "15")], nil),
      ([[("result_code", "1")]], [("result_code", "2")], nil),
      ([[("sub_code_prefix", "a~")], [("sub_code", "a")]], [("sub_code_prefix", "a")], nil),
    ] as [([[(String, String)]], [(String, String)], String?)])
  func anOverrideIsReachedOrNot(
    _ earlier: [[(String, String)]], _ last: [(String, String)], _ sentence: String?
  ) throws {
    let rules = try (earlier + [last]).map { try rule($0[0], ("class", "temporary")) }
    let problems = RuleTable(overrides: rules).lint()
    #expect(problems == sentence.map { [RuleTableProblem(rule: earlier.count, sentence: $0)] } ?? [])
  }

  /// A rule in code can say what one of the configuration cannot.
  @Test(arguments: [
    (VerdictClass.delivered, Effect.none), (.delivered, .unknown), (.temporary, .done), (.unknown, .none),
    (.refused, .done),
  ])
  func anEffectThatContradictsItsClass(_ ruling: VerdictClass, _ effect: Effect) {
    let problems = RuleTable(overrides: [Rule(.code(98...98, subCodePrefix: ""), ruling, effect)]).lint()
    #expect(problems.map(\.rule) == [0])
    #expect(problems.first?.sentence.hasPrefix("has effect \(effect.name) with class \(ruling.name)") == true)
  }

  @Test func aRowSaysWhatOverridesIt() throws {
    let rules = RuleTable(
      overrides: [
        try rule(("result_code", "400001"), ("class", "temporary"), place: "bridge.yaml:7:5"),
        try rule(("code", "15"), ("class", "temporary"), place: "bridge.yaml:8:5"),
      ])
    #expect(rules.lint() == [])
    let overridden = rules.rows.filter { !$0.overriddenBy.isEmpty }
    #expect(
      overridden.map(\.match) == [
        "success false, result_code 400001", "code 15, sub_code isv.*", "code 15, bare sub_code",
        "code 15, no sub_code",
      ])
    #expect(
      overridden.map(\.overriddenBy) == [
        ["bridge.yaml:7:5"], ["bridge.yaml:8:5"], ["bridge.yaml:8:5"], ["bridge.yaml:8:5"],
      ])
  }
}

@Suite struct RuleVersionTests {
  @Test func overridesShowInTheVersion() throws {
    let temporary = try rule(("result_code", "400001"), ("class", "temporary"))
    let written = try rule(
      ("effect", "unknown"), ("class", "temporary"), ("result_code", "400001"), place: "there")
    let promised = try rule(("result_code", "400001"), ("class", "temporary"), ("effect", "none"))
    let other = try rule(("code", "1"), ("class", "temporary"))
    let version = RuleTable(overrides: [temporary]).version
    #expect(version.hasPrefix(RuleTable.builtInVersion + "+"))
    #expect(version.utf8.count == RuleTable.builtInVersion.utf8.count + 7)
    #expect(version.utf8.suffix(6).allSatisfy { "0123456789abcdef".utf8.contains($0) })
    #expect(RuleTable(overrides: [written]).version == version, "the same rule, written otherwise")
    let versions = [[], [temporary], [promised], [other], [temporary, other], [other, temporary]].map {
      RuleTable(overrides: $0).version
    }
    #expect(Set(versions).count == versions.count)
  }
}
