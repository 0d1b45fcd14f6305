import Testing

@testable import BridgeConfiguration

/// `config explain`: the value of each key, where it comes from, what is allowed.
@Suite struct ExplanationTests {
  private func survey(
    _ file: String? = nil, environment: [String: String] = [:], settings: [String] = []
  ) -> ConfigurationSurvey {
    Configuration.survey(
      ConfigurationSources(
        file: file.map { ConfigurationFile(path: "lippi.yaml", bytes: Array($0.utf8)) },
        environment: environment, settings: settings, hostName: "worker-7", checks: .none))
  }

  private func finding(_ name: String, in survey: ConfigurationSurvey) throws -> KeyFinding {
    try #require(survey.findings.first { $0.key.name == name })
  }

  @Test func everySourceIsNamed() throws {
    let survey = survey(
      "gateway:\n  concurrency: 8\n  idle_timeout: 2s\n  connect_timeout: 1s\n",
      environment: ["LIPPI_BRIDGE_GATEWAY_IDLE_TIMEOUT": "3000ms"],
      settings: ["gateway.connect_timeout=2s"])
    let expected = [
      ("gateway.concurrency", "8", "lippi.yaml:2:16"),
      ("gateway.idle_timeout", "3s", "LIPPI_BRIDGE_GATEWAY_IDLE_TIMEOUT"),
      ("gateway.connect_timeout", "2s", "--set gateway.connect_timeout"),
      ("retry.attempts", "6", "default"),
      ("kafka.instance", "worker-7", "default"),
    ]
    for (name, value, place) in expected {
      let text = KeyExplanation.text(try finding(name, in: survey))
      let lines = text.split(separator: "\n")
      #expect(lines.first == "\(name): \(value)")
      #expect(lines.dropFirst().first == "  from      \(place)")
    }
  }

  @Test func theWholeTextOfAKey() throws {
    let text = KeyExplanation.text(try finding("retry.base", in: survey()))
    #expect(
      text == """
        retry.base: 200ms
          from      default
          allowed   duration: 1ms to 1m
          default   200ms
          variable  LIPPI_BRIDGE_RETRY_BASE
          The longest wait before the second attempt; it doubles with each further one. The wait is random,
          up to it.

        """)
  }

  @Test func theWholeObjectOfAKey() throws {
    let json = KeyExplanation.json(
      try finding("gateway.concurrency", in: survey("gateway: {concurrency: 128}"))
    ).compact
    #expect(
      json == #"{"key":"gateway.concurrency","value":"128","source":"file","place":"lippi.yaml:1:24","#
        + #""type":"whole number","allowed":"1 to 4096","units":[],"default":"64","required":false,"#
        + #""variable":"LIPPI_BRIDGE_GATEWAY_CONCURRENCY","secret_variable":null,"#
        + #""meaning":"The most requests in flight at a time; each conversation has one at most."}"#)
  }

  @Test func whatIsMissingOrUnusableIsSaidAndOnlyTheLatterIsAFault() throws {
    let survey = survey(settings: ["retry.base=3"])
    #expect(try finding("gateway.url", in: survey).value == .missing)
    #expect(try finding("gateway.session_file", in: survey).value == .unset)
    #expect(try finding("retry.base", in: survey).value == .unusable)
    #expect(
      survey.faults.map(\.description) == [
        "--set retry.base: retry.base is \"3\", which has no unit; a duration is written like 500ms, 15s, 2m or 1h"
      ])
    #expect(survey.problems.count { $0.kind == .missing } == 4)
    #expect(
      KeyExplanation.text(try finding("gateway.url", in: survey)).hasPrefix("gateway.url: (not set, but"))
  }

  @Test func secretsAreRedactedWhereverTheyComeFrom() throws {
    try withFile("hunter2") { path in
      let survey = survey(
        "gateway:\n  session_file: \(path)\n",
        environment: [
          "LIPPI_BRIDGE_GATEWAY_APP_SECRET": "hunter2", "LIPPI_BRIDGE_KAFKA_SASL_PASSWORD": "hunter2",
          "LIPPI_BRIDGE_KAFKA_PROPERTIES": #"{"ssl.key.pem":"hunter2","sasl.username":"visible"}"#,
        ])
      let texts = survey.findings.flatMap { [KeyExplanation.text($0), KeyExplanation.json($0).compact] }
      for text in texts { #expect(!text.contains("hunter2"), "\(text)") }
      let shown = texts.joined()
      #expect(shown.contains("gateway.app_secret_file: <redacted>"))
      #expect(shown.contains("gateway.session_file: \(path)"))
      #expect(shown.contains("{ssl.key.pem: <redacted>, sasl.username: visible}"))
    }
  }

  @Test(arguments: [
    (["gateway.concurrency"], ["gateway.concurrency"]),
    (["retry"], ["retry.attempts", "retry.base", "retry.cap", "retry.max_time"]),
    (
      ["retry.", "ambiguous"],
      ["retry.attempts", "retry.base", "retry.cap", "retry.max_time", "ambiguous.policy"]
    ),
    (["log.l", "kafka.gr"], ["kafka.group_id", "log.level"]),
    (["LIPPI_BRIDGE_LOG_FORMAT"], ["log.format"]),
    (["gateway.app_secret"], ["gateway.app_secret_file"]),
    (["LIPPI_BRIDGE_GATEWAY_SESSION"], ["gateway.session_file"]),
    (["input.topic"], ["input.topic"]),
  ])
  func namesChooseKeys(_ names: [String], _ keys: [String]) throws {
    #expect(try KeySelection.keys(named: names).map(\.name) == keys)
  }

  @Test(arguments: [
    ("gateway.concurency", "unknown key gateway.concurency; did you mean gateway.concurrency?"),
    ("gatway", "unknown key gatway; did you mean gateway?"),
    ("concurrency", "unknown key concurrency; did you mean gateway.concurrency?"),
    ("app_secret", "unknown key app_secret; did you mean gateway.app_secret_file?"),
    ("x.topic", "unknown key x.topic; did you mean input.topic or outcomes.topic or status.topic?"),
    ("LIPPI_BRIDGE_LOG_LEVL", "unknown key LIPPI_BRIDGE_LOG_LEVL; did you mean LIPPI_BRIDGE_LOG_LEVEL?"),
    (
      "weather",
      "unknown key weather; the sections are kafka, input, gateway, retry, ambiguous, breaker, brake, outcomes, status, limits, shutdown, health, admin, log"
    ),
    (
      "",
      "unknown key ; the sections are kafka, input, gateway, retry, ambiguous, breaker, brake, outcomes, status, limits, shutdown, health, admin, log"
    ),
  ])
  func aNameThatChoosesNothing(_ name: String, _ sentence: String) {
    let unknown = #expect(throws: KeySelection.UnknownName.self) { try KeySelection.keys(named: [name]) }
    #expect(unknown?.sentence == sentence)
  }

  @Test func jsonTextIsEscaped() {
    #expect(
      JSONValue.object([("a\"\\", .array([.text("\u{1}\n\t\u{9b}ü"), .number(-1), .flag(true), .null]))])
        .compact
        == #"{"a\"\\":["\u0001\n\t\u009bü",-1,true,null]}"#)
  }
}
