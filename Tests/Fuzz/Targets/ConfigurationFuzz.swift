internal import BridgeConfiguration
internal import LippiAPI

/// Configuration files. Input is the file, and the value of `gateway.rules` in the environment, too.
enum ConfigurationFuzz {
  private static let secret = "kXv7-never-shown"

  static func run(_ input: UnsafeRawBufferPointer) {
    read(ConfigurationFile(path: "fuzz.yaml", bytes: Array(input)), rules: nil)
    read(nil, rules: String(decoding: input, as: UTF8.self))
  }

  private static func read(_ file: ConfigurationFile?, rules: String?) {
    var environment = [
      "LIPPI_BRIDGE_KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
      "LIPPI_BRIDGE_GATEWAY_URL": "http://127.0.0.1:8080/router/rest",
      "LIPPI_BRIDGE_GATEWAY_APP_KEY": "12345678", "LIPPI_BRIDGE_GATEWAY_APP_SECRET": secret,
    ]
    environment["LIPPI_BRIDGE_GATEWAY_RULES"] = rules
    let sources = ConfigurationSources(
      file: file, environment: environment, settings: [], hostName: "fuzz",
      checks: ConfigurationChecks(rules: check, mapping: { _ in [] }))
    do throws(ConfigurationRefusal) {
      let configuration = try Configuration.read(sources)
      requireShown(configuration.description)
    } catch {
      require(!error.problems.isEmpty, "refused without a problem")
      for problem in error.problems {
        requireShown(problem.description)
        require(!problem.sentence.isEmpty, "a problem without a sentence")
        require(!problem.description.contains("\n"), "a problem on several lines: \(problem)")
      }
    }
  }

  private static func requireShown(_ text: String) {
    require(!text.contains(secret), "a secret is shown")
  }

  /// As the worker does, without suggestions.
  private static func check(_ rules: [ConfiguredRule]) -> [ConfiguredRuleFault] {
    let texts = rules.map { $0.members.map { (name: $0.name, value: $0.value) } }
    let faults = texts.enumerated().flatMap { index, members in
      Rule.problems(of: members).map {
        ConfiguredRuleFault(rule: index, member: $0.member, sentence: $0.problem.sentence)
      }
    }
    guard faults.isEmpty else { return faults }
    let table = RuleTable(
      overrides: texts.map { members in
        do throws(RuleProblem) { return try Rule(members: members) } catch {
          fatalError("a rule without faults cannot be made: \(error)")
        }
      })
    return table.lint().filter { $0.rule < rules.count }.map {
      ConfiguredRuleFault(rule: $0.rule, member: nil, sentence: $0.sentence)
    }
  }
}
