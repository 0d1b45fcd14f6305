import Testing

@testable import BridgeConfiguration

/// What rules mean is not known here: the check is the test's own.
@Suite struct RulesKeyTests {
  private static let file = """
    gateway:
      rules:
        - {result_code: "400001", class: temporary}
        - code: 15
          class: unknown

    """

  private func members(_ rules: [ConfiguredRule]) -> [[String]] {
    rules.map { $0.members.map { "\($0.name)=\($0.value)" } }
  }

  @Test func rulesKeepOrderTextsAndPlaces() throws {
    let rules = try Reading(Self.file).configuration().gateway.rules
    #expect(members(rules) == [["result_code=400001", "class=temporary"], ["code=15", "class=unknown"]])
    #expect(rules.map(\.number) == [1, 2])
    #expect(rules.map(\.shownPlace) == ["lippi.yaml:3:7", "lippi.yaml:4:7"])
    #expect(rules[1].members.map(\.place.description) == ["lippi.yaml:4:7", "lippi.yaml:5:7"])
  }

  @Test func withoutTheKeyThereAreNone() throws {
    #expect(try Reading().configuration().gateway.rules == [])
    #expect(try Reading("gateway: {rules: []}").configuration().gateway.rules == [])
    #expect(try Reading("gateway: {rules: }").configuration().gateway.rules == [])
  }

  @Test func aLaterLayerReplacesTheWholeList() throws {
    let variable = ["LIPPI_BRIDGE_GATEWAY_RULES": #"[{"code": 1, "class": "refused"}]"#]
    let fromEnvironment = try Reading(Self.file, environment: variable).configuration()
    #expect(members(fromEnvironment.gateway.rules) == [["code=1", "class=refused"]])
    #expect(fromEnvironment.gateway.rules[0].shownPlace == "LIPPI_BRIDGE_GATEWAY_RULES, rule 1")
    let option = #"gateway.rules=[{"code":"2-3","class":"refused"},{"code":4,"class":"refused"}]"#
    let fromOption = try Reading(Self.file, environment: variable, settings: [option]).configuration()
    #expect(
      members(fromOption.gateway.rules) == [["code=2-3", "class=refused"], ["code=4", "class=refused"]])
    #expect(fromOption.gateway.rules[1].shownPlace == "--set gateway.rules, rule 2")
    #expect(
      fromOption.settings.first { $0.name == "gateway.rules" }?.value
        == "[{code: 2-3, class: refused}, {code: 4, class: refused}]")
  }

  /// Faults of form, each where it stands; the rules beside them are checked all the same.
  @Test func everyFaultOfFormIsThereAtOnce() {
    var reading = Reading(
      """
      gateway:
        rules:
          - temporary
          - {code: [1, 2], class: }
          - {"co\\nde": 1}
          - {code: "1\\e[31m"}
          - {result_code: "\(String(repeating: "x", count: 257))"}
          - {code: 1}
        color: red

      """)
    reading.ruleCheck = { rules in
      #expect(rules.map(\.number) == [6])
      return [
        ConfiguredRuleFault(rule: 0, member: 0, sentence: "has a bad code"),
        ConfiguredRuleFault(rule: 0, member: nil, sentence: "has no class"),
      ]
    }
    #expect(
      reading.problems().filter { !$0.contains("gateway.color") } == [
        "lippi.yaml:3:7: gateway.rules rule 1 is a single value, but an object is needed",
        "lippi.yaml:4:14: gateway.rules rule 2 has no text or number for \"code\"",
        "lippi.yaml:4:29: gateway.rules rule 2 has no text or number for \"class\"",
        "lippi.yaml:5:8: gateway.rules rule 3 has a character that cannot be shown in \"co\\u{a}de\"",
        "lippi.yaml:6:8: gateway.rules rule 4 has a character that cannot be shown in \"code\"",
        "lippi.yaml:7:8: gateway.rules rule 5 has more than 256 bytes in \"result_code\"",
        "lippi.yaml:8:8: gateway.rules rule 6 has a bad code",
        "lippi.yaml:8:7: gateway.rules rule 6 has no class",
      ])
    #expect(reading.problems().count == 9)
  }

  @Test(
    arguments: [
      ("{code: 1}", "is an object, but a list of rules is needed"),
      ("temporary", "is a single value, but a list of rules is needed"),
      (
        "[" + repeatElement("{code: 1}", count: 65).joined(separator: ",") + "]",
        "has 65 rules; at most 64 are allowed"
      ),
    ])
  func noList(_ value: String, _ sentence: String) {
    #expect(
      Reading("gateway: {rules: \(value)}").problems() == ["lippi.yaml:1:18: gateway.rules \(sentence)"])
  }

  @Test func faultsFromOutsideNameTheOption() {
    var reading = Reading(settings: [#"gateway.rules=[{"code":1}]"#])
    reading.ruleCheck = { _ in [ConfiguredRuleFault(rule: 0, member: 0, sentence: "has a bad code")] }
    #expect(reading.problems() == ["--set gateway.rules: gateway.rules rule 1 has a bad code"])
    #expect(
      Reading(settings: ["gateway.rules=temporary"]).problems() == [
        "--set gateway.rules: gateway.rules is no JSON: it begins with neither { nor ["
      ])
  }

  @Test func rulesAloneNeedNothingElse() throws {
    func sources(_ text: String, _ checks: ConfigurationChecks = .none) -> ConfigurationSources {
      ConfigurationSources(
        file: ConfigurationFile(path: "lippi.yaml", bytes: Array(text.utf8)), environment: [:], settings: [],
        hostName: "", checks: checks)
    }
    let rules = try Configuration.readRules(sources(Self.file))
    #expect(rules.count == 2)
    let refusal = #expect(throws: ConfigurationRefusal.self) {
      try Configuration.readRules(
        sources(
          "gateway: {rules: [{code: 1}], color: red}",
          ConfigurationChecks(
            rules: { _ in [ConfiguredRuleFault(rule: 0, member: nil, sentence: "has no class")] },
            mapping: { _ in [] })))
    }
    #expect(refusal?.problems.count == 2)
  }
}
