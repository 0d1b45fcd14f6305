import Testing

@testable import BridgeConfiguration

/// Every kind of fault, with the exact sentences that a person sees.
@Suite struct FaultyFileTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var file: String
    var problems: [String]
    var testDescription: String { name }
  }

  @Test(arguments: [
    Case(
      name: "a slip in a key's name", file: "gateway:\n  concurency: 3\n",
      problems: ["lippi.yaml:2:3: unknown key gateway.concurency; did you mean gateway.concurrency?"]),
    Case(
      name: "a slip in a section's name", file: "gatway:\n  concurrency: 3\n",
      problems: ["lippi.yaml:1:1: unknown key gatway; did you mean gateway?"]),
    Case(
      name: "a key of another section", file: "kafka:\n  topic: events\n",
      problems: [
        "lippi.yaml:2:3: unknown key kafka.topic; did you mean input.topic or outcomes.topic or status.topic?"
      ]),
    Case(
      name: "nothing like it", file: "shutdown:\n  colour: red\n",
      problems: ["lippi.yaml:2:3: unknown key shutdown.colour; allowed in shutdown are grace_period"]),
    Case(
      name: "no section like it", file: "monitoring: true\n",
      problems: [
        "lippi.yaml:1:1: unknown key monitoring; allowed are kafka, input, gateway, retry, ambiguous, breaker, "
          + "brake, outcomes, status, limits, shutdown, health, admin, log"
      ]),
    Case(
      name: "a secret in the file", file: "gateway:\n  app_secret: helloworld\n",
      problems: [
        "lippi.yaml:2:3: gateway.app_secret is a secret and is never written here; set gateway.app_secret_file or "
          + "LIPPI_BRIDGE_GATEWAY_APP_SECRET"
      ]),
    Case(
      name: "a section that is a value", file: "gateway: fast\n",
      problems: [
        "lippi.yaml:1:10: gateway is a single value; needed is an object with url, app_key, app_secret_file, "
          + "session_file, sign_method, caller, concurrency, requests_per_second, request_timeout, connect_timeout, "
          + "idle_timeout, max_answer_bytes, max_event_age, ban_default, ca_file, client_certificate_file, client_key_file, proxy, proxy_user, "
          + "proxy_password_file, rules"
      ]),
    Case(
      name: "a file that is a list", file: "- gateway\n",
      problems: [
        "lippi.yaml:1:1: the configuration is a list; needed is an object with kafka, input, gateway, retry, "
          + "ambiguous, breaker, brake, outcomes, status, limits, shutdown, health, admin, log"
      ]),
    Case(
      name: "an object instead of a text", file: "kafka:\n  group_id: {name: x}\n",
      problems: ["lippi.yaml:2:13: kafka.group_id is an object; a text is needed"]),
    Case(
      name: "an empty text", file: "kafka:\n  group_id: \" \"\n",
      problems: ["lippi.yaml:2:13: kafka.group_id is empty; a text is needed"]),
    Case(
      name: "a text instead of an integer", file: "gateway:\n  concurrency: many\n",
      problems: [
        "lippi.yaml:2:16: gateway.concurrency is \"many\"; allowed are whole numbers from 1 to 4096"
      ]),
    Case(
      name: "an integer in quotes", file: "gateway:\n  concurrency: \"64\"\n",
      problems: ["lippi.yaml:2:16: gateway.concurrency is \"64\"; allowed are whole numbers from 1 to 4096"]),
    Case(
      name: "an integer outside its range", file: "gateway:\n  concurrency: 4097\n",
      problems: ["lippi.yaml:2:16: gateway.concurrency is 4097; allowed are whole numbers from 1 to 4096"]),
    Case(
      name: "an integer outside Int64", file: "retry:\n  attempts: 99999999999999999999\n",
      problems: [
        "lippi.yaml:2:13: retry.attempts is 99999999999999999999; allowed are whole numbers from 1 to 100"
      ]),
    Case(
      name: "a duration without unit", file: "gateway:\n  request_timeout: 8\n",
      problems: [
        "lippi.yaml:2:20: gateway.request_timeout is \"8\", which has no unit; a duration is written like 500ms, "
          + "15s, 2m or 1h"
      ]),
    Case(
      name: "a duration with an unknown unit", file: "gateway:\n  request_timeout: 8sec\n",
      problems: [
        "lippi.yaml:2:20: gateway.request_timeout is \"8sec\", which has the unknown unit \"sec\"; allowed are ms, "
          + "s, m, h"
      ]),
    Case(
      name: "a duration that is none", file: "gateway:\n  request_timeout: soon\n",
      problems: [
        "lippi.yaml:2:20: gateway.request_timeout is \"soon\", which is not a duration; allowed is a whole number "
          + "with a unit, like 500ms, 15s, 2m or 1h"
      ]),
    Case(
      name: "a duration outside its range", file: "outcomes:\n  commit_interval: 1m\n",
      problems: ["lippi.yaml:2:20: outcomes.commit_interval is 1m; allowed are 1ms to 10s"]),
    Case(
      name: "a duration that overflows", file: "outcomes:\n  commit_interval: 9223372036854775807h\n",
      problems: [
        "lippi.yaml:2:20: outcomes.commit_interval is \"9223372036854775807h\", which is too large a number"
      ]),
    Case(
      name: "a size with a unit of 1000", file: "limits:\n  buffered_bytes: 64MB\n",
      problems: [
        "lippi.yaml:2:19: limits.buffered_bytes is \"64MB\", which has the unknown unit \"MB\"; allowed are B, KiB, "
          + "MiB, GiB; did you mean 64MiB?"
      ]),
    Case(
      name: "a size without unit", file: "limits:\n  buffered_bytes: 67108864\n",
      problems: [
        "lippi.yaml:2:19: limits.buffered_bytes is \"67108864\", which has no unit; a size is written like 512B, "
          + "64KiB or 1MiB"
      ]),
    Case(
      name: "another word for true", file: "kafka:\n  static_membership: yes\n",
      problems: [
        "lippi.yaml:2:22: kafka.static_membership is \"yes\"; allowed are true and false; did you mean true?"
      ]),
    Case(
      name: "a choice that does not exist", file: "outcomes:\n  delivery: exactly-once\n",
      problems: [
        "lippi.yaml:2:13: outcomes.delivery is \"exactly-once\"; allowed are exactly_once, at_least_once; did you "
          + "mean exactly_once?"
      ]),
    Case(
      name: "a start that is none", file: "input:\n  start: 2025-02-30T00:00:00Z\n",
      problems: [
        "lippi.yaml:2:10: input.start is \"2025-02-30T00:00:00Z\"; allowed are earliest, latest and a time like "
          + "2025-01-31T08:00:00Z"
      ]),
    Case(
      name: "a time that Kafka would take for something else",
      file: "input:\n  start: 1969-12-31T23:59:59Z\n",
      problems: [
        "lippi.yaml:2:10: input.start is \"1969-12-31T23:59:59Z\"; allowed are earliest, latest and a time like "
          + "2025-01-31T08:00:00Z"
      ]),
    Case(
      name: "a topic's name", file: "input:\n  topic: chat events\n",
      problems: [
        "lippi.yaml:2:10: input.topic is \"chat events\"; a topic's name has 1 to 249 of the characters A-Z a-z "
          + "0-9 . _ -"
      ]),
    Case(
      name: "a URL without scheme", file: "gateway:\n  url: gw.api.taobao.com/router/rest\n",
      problems: [
        "lippi.yaml:2:8: gateway.url is \"gw.api.taobao.com/router/rest\", which does not begin with http:// or "
          + "https://; a URL is needed, like https://gw.api.taobao.com/router/rest"
      ]),
    Case(
      name: "a list that is a text", file: "outcomes:\n  copy_headers: tenant\n",
      problems: ["lippi.yaml:2:17: outcomes.copy_headers is a single value, but a list of texts is needed"]),
    Case(
      name: "members that are wrong, each where it stands",
      file: "outcomes:\n  copy_headers:\n    - tenant\n    - [a]\n    - tenant\n",
      problems: [
        "lippi.yaml:4:7: outcomes.copy_headers has a member that is no text",
        "lippi.yaml:5:7: outcomes.copy_headers has \"tenant\" twice",
      ]),
    Case(
      name: "properties that the bridge owns",
      file:
        "kafka:\n  properties:\n    group.id: x\n    isolation.level: read_uncommitted\n    client.id: y\n",
      problems: [
        "lippi.yaml:3:5: kafka.properties may not have \"group.id\": set kafka.group_id instead",
        "lippi.yaml:4:5: kafka.properties may not have \"isolation.level\": the bridge sets it itself",
      ]),
    Case(
      name: "a password among the properties",
      file: "kafka:\n  properties: {ssl.keystore.password: hunter2}\n",
      problems: [
        "lippi.yaml:2:16: kafka.properties may not have \"ssl.keystore.password\" here: a secret comes from "
          + "kafka.properties_file or from the environment, LIPPI_BRIDGE_KAFKA_PROPERTIES={\"ssl.keystore.password\": …}"
      ]),
    Case(
      name: "a key that is there twice", file: "input:\n  topic: a\n  topic: b\n",
      problems: ["lippi.yaml:3:3: input.topic is there twice, first in line 2"]),
    Case(
      name: "a section that is there twice", file: "input:\n  topic: a\n\ninput:\n  start: latest\n",
      problems: ["lippi.yaml:4:1: input is there twice, first in line 1"]),
    Case(
      name: "an anchor", file: "input: &i\n  topic: a\n",
      problems: [
        "lippi.yaml:1:8: the file is not understood: an anchor (&name) is not allowed: write the value out"
      ]),
    Case(
      name: "an alias", file: "input:\n  topic: *other\n",
      problems: [
        "lippi.yaml:2:10: the file is not understood: an alias (*name) is not allowed: write the value out"
      ]),
    Case(
      name: "a tag", file: "input:\n  topic: !!str a\n",
      problems: [
        "lippi.yaml:2:10: the file is not understood: a tag (!name) is not allowed: the key decides the type"
      ]),
    Case(
      name: "two documents", file: "input:\n  topic: a\n---\ninput: {}\n",
      problems: ["lippi.yaml:3:1: the file is not understood: a second document; one is allowed"]),
    Case(
      name: "broken YAML", file: "input:\n  topic: [a\n",
      problems: ["lippi.yaml:3:1: the file is not understood: did not find expected ',' or ']'"]),
    Case(
      name: "nested without end", file: "input: [[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]\n",
      problems: ["lippi.yaml:1:23: the file is not understood: nested more than 16 levels deep"]),
  ])
  func everyFaultHasPlaceAndSentence(_ fault: Case) {
    #expect(Reading(fault.file).problems() == fault.problems)
  }

  @Test func bytesThatAreNotUTF8() throws {
    let sources = ConfigurationSources(
      file: ConfigurationFile(path: "lippi.yaml", bytes: [0x69, 0x3a, 0x20, 0xff, 0x0a]),
      environment: Reading.required, settings: [], hostName: "h", checks: .none)
    let refusal = #expect(throws: ConfigurationRefusal.self) {
      try Configuration.read(sources)
    }
    #expect(
      refusal?.problems.map(\.description) == [
        "lippi.yaml:1:1: the file is not understood: invalid leading UTF-8 octet (byte 3)"
      ])
  }

  @Test func allFaultsAtOnceInTheOrderOfTheirPlaces() {
    let reading = Reading(
      "gateway:\n  concurrency: 0\n  color: red\nretry:\n  base: 20s\n",
      environment: ["LIPPI_BRIDGE_LOG_LEVEL": "loud", "LIPPI_BRIDGE_GATEWAY_APPKEY": "1"],
      settings: ["log.format=xml", "log.fromat=json", "log.format"])
    #expect(
      reading.problems() == [
        "lippi.yaml:2:16: gateway.concurrency is 0; allowed are whole numbers from 1 to 4096",
        "lippi.yaml:3:3: unknown key gateway.color; allowed in gateway are url, app_key, app_secret_file, "
          + "session_file, sign_method, caller, concurrency, requests_per_second, request_timeout, connect_timeout, "
          + "idle_timeout, max_answer_bytes, max_event_age, ban_default, ca_file, client_certificate_file, client_key_file, proxy, proxy_user, "
          + "proxy_password_file, rules",
        "LIPPI_BRIDGE_GATEWAY_APPKEY: unknown variable; did you mean LIPPI_BRIDGE_GATEWAY_APP_KEY?",
        "LIPPI_BRIDGE_LOG_LEVEL: log.level is \"loud\"; allowed are debug, info, warning, error",
        "--set log.format: log.format is \"xml\"; allowed are auto, json, text",
        "--set log.fromat: unknown key log.fromat; did you mean log.format?",
        "--set log.format: is not written as --set NAME=VALUE",
        "lippi.yaml:5:9: retry.base is 20s, longer than retry.cap 10s",
      ])
  }

  @Test func whatIsRequiredIsNamedWithEveryWayToSetIt() {
    let secretSentence =
      "gateway.app_secret_file is required; set it here, or LIPPI_BRIDGE_GATEWAY_APP_SECRET, or --set "
      + "gateway.app_secret_file=…"
    #expect(
      Reading.bare("log:\n  level: info\nkafka:\n  bootstrap_servers:\n").problems() == [
        "lippi.yaml: kafka.bootstrap_servers is required; set it here, or LIPPI_BRIDGE_KAFKA_BOOTSTRAP_SERVERS, or "
          + "--set kafka.bootstrap_servers=…",
        "lippi.yaml: gateway.url is required; set it here, or LIPPI_BRIDGE_GATEWAY_URL, or --set gateway.url=…",
        "lippi.yaml: gateway.app_key is required; set it here, or LIPPI_BRIDGE_GATEWAY_APP_KEY, or --set "
          + "gateway.app_key=…",
        "lippi.yaml: \(secretSentence)",
      ])
    #expect(
      Reading.bare(settings: ["kafka.bootstrap_servers=k", "gateway.url=http://h/", "gateway.app_key=1"])
        .problems() == [
          "configuration: " + secretSentence.replacing("here", with: "in a file (--config FILE)")
        ])
  }

  @Test func aBrokenFileHidesNoFaultElsewhereAndMissesNothing() {
    let reading = Reading.bare("a: [", settings: ["log.level=loud"])
    #expect(
      reading.problems() == [
        "lippi.yaml:2:1: the file is not understood: did not find expected node content",
        "--set log.level: log.level is \"loud\"; allowed are debug, info, warning, error",
      ])
  }

  @Test func aValueThatIsWrongIsNotMissingAsWell() {
    let reading = Reading.bare(
      "gateway: {url: nowhere, app_key: [], app_secret_file: /does/not/exist}\nkafka: {bootstrap_servers: k}\n"
    )
    #expect(
      reading.problems() == [
        "lippi.yaml:1:16: gateway.url is \"nowhere\", which does not begin with http:// or https://; a URL is "
          + "needed, like https://gw.api.taobao.com/router/rest",
        "lippi.yaml:1:34: gateway.app_key is a list; a text is needed",
        "lippi.yaml:1:55: gateway.app_secret_file: the file /does/not/exist cannot be read: No such file or directory",
      ])
  }

  @Test(arguments: [
    "http://", "http://:80/", "https://u:p@h/", "http://h/?a=b", "http://h/#x", "http://h:99999/",
    "http://h/ü", "ftp://h/",
  ])
  func urlsThatAreRefused(_ url: String) {
    let problems = Reading(settings: ["gateway.url=\(url)"]).problems()
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix("--set gateway.url: gateway.url is \"\(url)\", which ") == true)
  }

  @Test func hostileTextIsShownOnOneLineAndCut() {
    let hostile = "a\\nb\\e[31m\(String(repeating: "x", count: 200))"
    let shown = "a\\u{a}b\\u{1b}[31m" + String(repeating: "x", count: 72) + "…"
    #expect(
      Reading("log:\n  level: \"\(hostile)\"\n").problems() == [
        "lippi.yaml:2:10: log.level is \"\(shown)\"; allowed are debug, info, warning, error"
      ])
    let name = "log.a\u{1b}" + String(repeating: "x", count: 200)
    let cut = "log.a\\u{1b}" + String(repeating: "x", count: 74) + "…"
    #expect(
      Reading(settings: ["\(name)=1"]).problems() == [
        "--set \(cut): unknown key \(cut); allowed in log are level, format"
      ])
    #expect(
      Reading("log:\n  \"\(name.dropFirst(4))\": 1\n").problems().count == 1)
  }
}
