import Testing

@testable import BridgeConfiguration

/// File < environment < --set.
@Suite struct LayerTests {
  @Test func nothingSetGivesTheDefaults() throws {
    let configuration = try Reading().configuration()
    #expect(configuration.kafka.bootstrapServers == "localhost:9092")
    #expect(configuration.kafka.groupID == "lippi-bridge")
    #expect(configuration.kafka.instance == "worker-7")
    #expect(configuration.kafka.transactionalID == "lippi-bridge-worker-7")
    #expect(!configuration.kafka.isStaticMember)
    #expect(configuration.kafka.startupTimeoutMilliseconds == 30_000)
    #expect(configuration.kafka.clientProperties().isEmpty)
    #expect(configuration.input.topic == "chat-events")
    #expect(configuration.input.start == nil)
    #expect(configuration.input.valueByteLimit == 1_048_576)
    #expect(configuration.input.contentByteLimit == 65_536)
    #expect(configuration.gateway.url == "http://127.0.0.1:8080/router/rest")
    #expect(configuration.gateway.appKey == "12345678")
    #expect(configuration.gateway.appSecret.reveal() == "helloworld")
    #expect(configuration.gateway.session == nil)
    #expect(configuration.gateway.signMethod == .hmacSHA256)
    #expect(configuration.gateway.caller.corpID == nil)
    #expect(configuration.gateway.concurrency == 64)
    #expect(configuration.gateway.requestTimeoutMilliseconds == 8_000)
    #expect(configuration.gateway.connectTimeoutMilliseconds == 3_000)
    #expect(configuration.gateway.idleTimeoutMilliseconds == 4_000)
    #expect(configuration.gateway.answerByteLimit == 262_144)
    #expect(configuration.retry.attemptLimit == 6)
    #expect(configuration.retry.baseMilliseconds == 200)
    #expect(configuration.retry.capMilliseconds == 10_000)
    #expect(configuration.retry.maxTimeMilliseconds == 60_000)
    #expect(configuration.ambiguousPolicy == .resend)
    #expect(configuration.outcomes.topic == "chat-outcomes")
    #expect(configuration.outcomes.delivery == .exactlyOnce)
    #expect(configuration.outcomes.commitIntervalMilliseconds == 50)
    #expect(configuration.outcomes.copiedHeaderNames == [])
    #expect(configuration.bufferedByteLimit == 64 * 1_048_576)
    #expect(configuration.shutdown.gracePeriodMilliseconds == 25_000)
    #expect(configuration.shutdown.drainMilliseconds == 10_000)
    #expect(configuration.statusTopic == nil)
    #expect(configuration.stalledAfterMilliseconds == 60_000)
    #expect(configuration.admin.listen == ListenSetting("127.0.0.1:9464"))
    #expect(configuration.admin.token == nil)
    #expect(configuration.log.level == .info)
    #expect(configuration.log.format == .auto)
  }

  @Test func everyKeyCanBeSetInTheFile() throws {
    let text = """
      kafka:
        bootstrap_servers: k1:9092,k2:9092
        group_id: desk
        instance: desk-1
        static_membership: true
        assignment: cooperative-sticky
        startup_timeout: 2m
        properties:
          security.protocol: SASL_SSL
          socket.keepalive.enable: true
          metadata.max.age.ms: 60000
      input:
        topic: in.put_1-a
        start: 2025-01-31T08:00:00.25+08:00
        max_value_bytes: 2MiB
        max_content_bytes: 1KiB
      gateway:
        url: https://[::1]:8443/router/rest
        app_key: 0012
        sign_method: md5
        caller:
          corp_id: dingxxx
          org_id: -5
          token_grant_type: isv
          isv_org_id: 9223372036854775807
          suite_key: "suite"
        concurrency: 4096
        requests_per_second: 100
        max_event_age: 0
        ban_default: 2s
        request_timeout: 1s
        connect_timeout: 900ms
        idle_timeout: 1m
        max_answer_bytes: 4KiB
        rules:
          - {result_code: "400001", class: temporary}
        ca_file: /etc/ca.pem
        client_certificate_file: /etc/client.pem
        client_key_file: /etc/client.key
        proxy: http://proxy:3128
        proxy_user: bridge
      retry: {attempts: 1, base: 1ms, cap: 2s, max_time: 1h}
      ambiguous: {policy: report}
      breaker: {window: 5s, min_results: 10, failure_share: 0.25, failures_in_a_row: 3, probe_base: 2s, probe_cap: 1m}
      brake: {window: 100, share: 1}
      outcomes:
        topic: out
        delivery: exactly_once
        commit_interval: 5ms
        copy_headers: [tenant, "trace id"]
      limits: {buffered_bytes: 1GiB}
      status: {topic: state}
      shutdown: {grace_period: 55s}
      health: {stalled_after: 5m}
      admin: {listen: "[::1]:0"}
      log: {level: debug, format: json}
      """
    let environment = ["LIPPI_BRIDGE_GATEWAY_APP_SECRET": "s"]
    let configuration = try Reading.bare(text, environment: environment).configuration()
    #expect(configuration.kafka.bootstrapServers == "k1:9092,k2:9092")
    #expect(configuration.kafka.transactionalID == "desk-desk-1")
    #expect(configuration.kafka.isStaticMember)
    #expect(configuration.kafka.assignment == .cooperativeSticky)
    #expect(configuration.kafka.startupTimeoutMilliseconds == 120_000)
    #expect(
      configuration.kafka.clientProperties() == [
        "security.protocol": "SASL_SSL",
        "socket.keepalive.enable": "true",
        "metadata.max.age.ms": "60000",
      ])
    #expect(configuration.input.topic == "in.put_1-a")
    #expect(configuration.input.start == .time(epochMilliseconds: 1_738_281_600_250))
    #expect(configuration.gateway.url == "https://[::1]:8443/router/rest")
    // As it stands in the file: no number loses its zeros.
    #expect(configuration.gateway.appKey == "0012")
    #expect(configuration.gateway.signMethod == .md5)
    #expect(configuration.gateway.caller.corpID == "dingxxx")
    #expect(configuration.gateway.caller.orgID == -5)
    #expect(configuration.gateway.caller.tokenGrantType == 1)
    #expect(configuration.gateway.caller.isvOrgID == .max)
    #expect(configuration.gateway.caller.suiteKey == "suite")
    #expect(configuration.gateway.rules.map { $0.members.map(\.value) } == [["400001", "temporary"]])
    #expect(configuration.ambiguousPolicy == .report)
    #expect(configuration.gateway.requestsPerSecond == 100)
    #expect(configuration.gateway.maxEventAgeMilliseconds == 0)
    #expect(configuration.gateway.banDefaultMilliseconds == 2_000)
    #expect(configuration.breaker.windowMilliseconds == 5_000)
    #expect(configuration.breaker.resultMinimum == 10)
    #expect(configuration.breaker.failureShare == 250)
    #expect(configuration.breaker.failuresInARow == 3)
    #expect(configuration.breaker.probeBaseMilliseconds == 2_000)
    #expect(configuration.breaker.probeCapMilliseconds == 60_000)
    #expect(configuration.brake.window == 100)
    #expect(configuration.brake.share == 1_000)
    #expect(configuration.outcomes.copiedHeaderNames == ["tenant", "trace id"])
    #expect(configuration.bufferedByteLimit == 1_073_741_824)
    #expect(configuration.shutdown.drainMilliseconds == 40_000)
    #expect(configuration.statusTopic == "state")
    #expect(configuration.stalledAfterMilliseconds == 300_000)
    #expect(configuration.admin.listen?.host == "::1")
    #expect(configuration.admin.listen?.port == 0)
    #expect(configuration.log.level == .debug)
    // Everything is accounted for: a key that is missing above would show its default.
    let fromFile = configuration.settings.filter {
      if case .file = $0.place { true } else { false }
    }
    // Files that are read at once have tests of their own, and so has the mapping.
    let others =
      ["kafka.properties_file", "input.mapping"]
      + ConfigurationKey.all.filter { $0.secretName != nil }.map(\.name)
    #expect(
      fromFile.map(\.name).sorted()
        == ConfigurationKey.all.map(\.name).filter { !others.contains($0) }.sorted())
  }

  @Test func theEnvironmentWinsOverTheFileAndSetOverBoth() throws {
    let file = "gateway:\n  concurrency: 1\n  idle_timeout: 1s\nretry:\n  attempts: 2\n"
    let environment = ["LIPPI_BRIDGE_GATEWAY_CONCURRENCY": "2", "LIPPI_BRIDGE_RETRY_ATTEMPTS": "3"]
    let reading = Reading(
      file, environment: environment, settings: ["gateway.concurrency=3", "gateway.concurrency=4"])
    let configuration = try reading.configuration()
    #expect(configuration.gateway.concurrency == 4)
    #expect(configuration.retry.attemptLimit == 3)
    #expect(configuration.gateway.idleTimeoutMilliseconds == 1_000)
    let places = Dictionary(
      uniqueKeysWithValues: configuration.settings.map { ($0.name, $0.place.description) })
    #expect(places["gateway.concurrency"] == "--set gateway.concurrency")
    #expect(places["retry.attempts"] == "LIPPI_BRIDGE_RETRY_ATTEMPTS")
    #expect(places["gateway.idle_timeout"] == "lippi.yaml:3:17")
    #expect(places["gateway.request_timeout"] == "default")
  }

  @Test func aFaultInAnOverruledLayerIsStillAFault() {
    let reading = Reading("gateway:\n  concurrency: 0\n", settings: ["gateway.concurrency=3"])
    #expect(reading.problems().count == 1)
  }

  @Test func listsObjectsAndSectionsAreJSONOutside() throws {
    let configuration = try Reading(
      "kafka:\n  properties: {client.id: a, client.rack: r}\n",
      environment: [
        "LIPPI_BRIDGE_KAFKA_PROPERTIES": #"{"client.id":"b","debug":"broker"}"#,
        "LIPPI_BRIDGE_GATEWAY_CALLER": #"{"corp_id":"ding","org_id":7,"suite_key":null}"#,
      ],
      settings: [
        #"outcomes.copy_headers=["a","b\u00e9"]"#, #"retry={"attempts":9}"#, #"retry={"cap":"9s"}"#,
      ]
    ).configuration()
    #expect(
      configuration.kafka.clientProperties() == [
        "client.rack": "r",
        "client.id": "b",
        "debug": "broker",
      ])
    #expect(configuration.gateway.caller.corpID == "ding")
    #expect(configuration.gateway.caller.orgID == 7)
    #expect(configuration.outcomes.copiedHeaderNames == ["a", "bé"])
    #expect(configuration.retry.attemptLimit == 9)
    #expect(configuration.retry.capMilliseconds == 9_000)
  }

  @Test(arguments: [
    (
      "outcomes.copy_headers=tenant",
      "--set outcomes.copy_headers: outcomes.copy_headers is no JSON: it begins with neither { nor ["
    ),
    (
      "outcomes.copy_headers=[a]",
      "--set outcomes.copy_headers: outcomes.copy_headers is no JSON: a text needs double quotes, at character 2"
    ),
    (
      "kafka.properties={\"a\":",
      "--set kafka.properties: kafka.properties is no JSON: did not find expected node content, at its end"
    ),
    (
      "retry={\"atempts\":1}",
      "--set retry: unknown key retry.atempts; did you mean retry.attempts?"
    ),
    (
      "gateway.app_secret=helloworld",
      "--set gateway.app_secret: gateway.app_secret is a secret and is never written here; set "
        + "gateway.app_secret_file or LIPPI_BRIDGE_GATEWAY_APP_SECRET"
    ),
    ("kafka.group_id=", "--set kafka.group_id: kafka.group_id is empty; a text is needed"),
  ])
  func faultsOutsideTheFile(_ setting: String, _ problem: String) {
    #expect(Reading(settings: [setting]).problems() == [problem])
  }

  @Test func variablesOfOthersAreNotLookedAt() {
    let environment = ["LIPPI_BRIDGE_CONFIG": "x", "LIPPI": "1", "KAFKA_HOME": "/k", "LIPPI_BRIDGES": "2"]
    #expect(Reading(environment: environment).problems() == [])
  }

  @Test func whatLooksLikeNothingIsTextOutsideTheFile() throws {
    let configuration = try Reading(settings: ["kafka.group_id=null", "kafka.instance=~"]).configuration()
    #expect(configuration.kafka.groupID == "null")
    #expect(configuration.kafka.instance == "~")
  }
}
