import Testing

@testable import BridgeConfiguration

/// Secrets come from files or variables, and never show.
@Suite struct SecretTests {
  private let secret = "hunter2-Ünsichtbar"

  @Test func aFileIsReadWithoutTheEndOfItsLine() throws {
    for ending in ["", "\n", "\r\n"] {
      try withFile(secret + ending) { path in
        let reading = Reading.bare(
          "gateway:\n  app_secret_file: \(path)\n",
          environment: Reading.required.filter { $0.key != "LIPPI_BRIDGE_GATEWAY_APP_SECRET" })
        let configuration = try reading.configuration()
        #expect(configuration.gateway.appSecret.reveal() == secret)
        #expect(configuration.gateway.appSecret.source == .file(path: path))
      }
    }
  }

  @Test(arguments: [
    ("", "is empty"), ("\n", "is empty"), (" \n", "is empty"), ("a\nb\n", "has more than one line"),
    (String(repeating: "x", count: 65_537), "is larger than 64KiB"),
  ])
  func filesThatHoldNoSecret(_ content: String, _ reason: String) throws {
    try withFile(content) { path in
      let problems = Reading("gateway:\n  session_file: \(path)\n").problems()
      #expect(problems == ["lippi.yaml:2:17: gateway.session_file: the file \(path) \(reason)"])
    }
  }

  @Test func fileAndVariableTogetherAreAnError() throws {
    try withFile("other") { path in
      #expect(
        Reading("gateway:\n  app_secret_file: \(path)\n").problems() == [
          "lippi.yaml:2:20: gateway.app_secret_file and LIPPI_BRIDGE_GATEWAY_APP_SECRET are both set; one of them is "
            + "allowed"
        ])
    }
  }

  @Test func anEmptyVariableIsAnError() {
    #expect(
      Reading(environment: ["LIPPI_BRIDGE_GATEWAY_SESSION": " "]).problems() == [
        "LIPPI_BRIDGE_GATEWAY_SESSION: gateway.session is empty"
      ])
  }

  @Test func aRotatedSecretIsReadAgain() throws {
    let first = try withFile("one\n") { path throws in
      let secret = try Secret.read(path)
      #expect(try secret.readAgain().reveal() == "one")
      return secret
    }
    #expect(throws: FileFault.self) { try first.readAgain() }
    #expect(try Secret("v", from: .variable("V")).readAgain().reveal() == "v")
  }

  @Test func noWayOfPrintingShowsASecret() throws {
    let configuration = try Reading(
      environment: [
        "LIPPI_BRIDGE_GATEWAY_APP_SECRET": secret, "LIPPI_BRIDGE_GATEWAY_SESSION": secret,
        "LIPPI_BRIDGE_KAFKA_SASL_PASSWORD": secret, "LIPPI_BRIDGE_KAFKA_SSL_KEY_PASSWORD": secret,
        "LIPPI_BRIDGE_KAFKA_PROPERTIES":
          #"{"ssl.keystore.password":"\#(secret)","ssl.key.pem":"\#(secret)","client.id":"visible"}"#,
      ]
    ).configuration()
    var dumped = ""
    dump(configuration, to: &dumped)
    let shown = [
      "\(configuration)", String(reflecting: configuration), dumped, "\(configuration.gateway)",
      String(reflecting: configuration.kafka), "\(configuration.kafka.properties)",
      "\(configuration.gateway.appSecret)", configuration.settings.description,
      "\(Optional(configuration.gateway.appSecret) as Any)",
    ]
    for text in shown { #expect(!text.contains("hunter2")) }
    #expect(
      configuration.description.contains("gateway.app_secret: <redacted> (LIPPI_BRIDGE_GATEWAY_APP_SECRET)"))
    #expect(
      configuration.description.contains(
        "kafka.properties: {ssl.keystore.password: <redacted>, ssl.key.pem: <redacted>, client.id: visible}"))
    // It does reach the client.
    #expect(
      configuration.kafka.clientProperties() == [
        "ssl.keystore.password": "\(secret)",
        "ssl.key.pem": "\(secret)",
        "client.id": "visible",
        "sasl.password": "\(secret)",
        "ssl.key.password": "\(secret)",
      ])
  }

  @Test func noProblemShowsASecret() {
    let problems = Reading(
      "gateway:\n  app_secret: hunter2\n  session: hunter2\nkafka:\n  sasl_password: hunter2\n  properties:\n"
        + "    sasl.password: hunter2\n    ssl.key.pem: hunter2\n    ssl.keystore.password: [hunter2]\n",
      environment: ["LIPPI_BRIDGE_APP_SECRET": "hunter2", "LIPPI_BRIDGE_KAFKA_PROPERTIES": "{a:hunter2}"],
      settings: ["gateway.session=hunter2", "kafka.properties={\"sasl.password\":\"hunter2\"}"]
    ).problems()
    #expect(problems.count == 10)
    for problem in problems { #expect(!problem.contains("hunter2"), "\(problem)") }
  }
}
