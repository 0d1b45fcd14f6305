import Testing

@testable import BridgeConfiguration

/// Every key of the table with values of every wrong kind, and the exact sentence about each. The limits are written
/// out here once more, so that a slip in the table is seen.
@Suite struct WrongValueTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var key: String
    /// As it stands behind the colon.
    var written: String
    /// What follows the key's name; several when several members are wrong.
    var sentences: [String]
    var testDescription: String { "\(key): \(written.prefix(60))" }
  }

  enum Form: Sendable {
    case text
    case topic
    case url
    case integer(String, String)
    case anyInteger
    case duration(String, String, below: String?, above: String)
    case share
    case size(String, String, below: String, above: String)
    case flag
    case choice(String)
    case list(Int)
    case properties
    case mapping
    case proxy
    case listen
    case rules
    case start
    case file
  }

  static let forms: [(key: String, form: Form)] = [
    ("kafka.bootstrap_servers", .text),
    ("kafka.group_id", .text),
    ("kafka.instance", .text),
    ("kafka.static_membership", .flag),
    ("kafka.assignment", .choice("range, cooperative-sticky")),
    ("kafka.startup_timeout", .duration("1s", "10m", below: "999ms", above: "600001ms")),
    ("kafka.properties", .properties),
    ("kafka.properties_file", .file),
    ("kafka.sasl_password_file", .file),
    ("kafka.ssl_key_password_file", .file),
    ("input.topic", .topic),
    ("input.start", .start),
    ("input.max_value_bytes", .size("1KiB", "64MiB", below: "1023B", above: "65MiB")),
    ("input.max_content_bytes", .size("1B", "16MiB", below: "0B", above: "16777217B")),
    ("input.mapping", .mapping),
    ("gateway.url", .url),
    ("gateway.app_key", .text),
    ("gateway.app_secret_file", .file),
    ("gateway.session_file", .file),
    ("gateway.sign_method", .choice("md5, hmac, hmac-sha256")),
    ("gateway.caller.corp_id", .text),
    ("gateway.caller.org_id", .anyInteger),
    ("gateway.caller.token_grant_type", .choice("enterprise, isv, 0, 1")),
    ("gateway.caller.isv_org_id", .anyInteger),
    ("gateway.caller.suite_key", .text),
    ("gateway.concurrency", .integer("1", "4096")),
    ("gateway.requests_per_second", .integer("0", "100000")),
    ("gateway.request_timeout", .duration("100ms", "1m", below: "99ms", above: "60001ms")),
    ("gateway.connect_timeout", .duration("50ms", "1m", below: "49ms", above: "61s")),
    ("gateway.idle_timeout", .duration("100ms", "10m", below: "0s", above: "11m")),
    ("gateway.max_answer_bytes", .size("1KiB", "16MiB", below: "1B", above: "1GiB")),
    ("gateway.max_event_age", .duration("0ms", "720h", below: nil, above: "721h")),
    ("gateway.ban_default", .duration("100ms", "1m", below: "0s", above: "61s")),
    ("gateway.ca_file", .file),
    ("gateway.client_certificate_file", .file),
    ("gateway.client_key_file", .file),
    ("gateway.proxy", .proxy),
    ("gateway.proxy_user", .text),
    ("gateway.proxy_password_file", .file),
    ("gateway.rules", .rules),
    ("retry.attempts", .integer("1", "100")),
    ("retry.base", .duration("1ms", "1m", below: "0ms", above: "2m")),
    ("retry.cap", .duration("1ms", "10m", below: "0ms", above: "601s")),
    ("retry.max_time", .duration("1ms", "1h", below: "0h", above: "61m")),
    ("ambiguous.policy", .choice("resend, report")),
    ("breaker.window", .duration("1s", "10m", below: "999ms", above: "11m")),
    ("breaker.min_results", .integer("1", "1000000")),
    ("breaker.failure_share", .share),
    ("breaker.failures_in_a_row", .integer("1", "1000000")),
    ("breaker.probe_base", .duration("10ms", "1m", below: "9ms", above: "61s")),
    ("breaker.probe_cap", .duration("10ms", "10m", below: "0s", above: "11m")),
    ("brake.window", .integer("1", "1000000")),
    ("brake.share", .share),
    ("outcomes.topic", .topic),
    ("outcomes.delivery", .choice("exactly_once, at_least_once")),
    ("outcomes.commit_interval", .duration("1ms", "10s", below: "0ms", above: "10001ms")),
    ("outcomes.copy_headers", .list(32)),
    ("status.topic", .topic),
    ("limits.buffered_bytes", .size("1MiB", "4GiB", below: "1023KiB", above: "4097MiB")),
    ("shutdown.grace_period", .duration("17s", "10m", below: "16999ms", above: "1h")),
    ("health.stalled_after", .duration("1s", "1h", below: "999ms", above: "61m")),
    ("admin.listen", .listen),
    ("admin.token_file", .file),
    ("log.level", .choice("debug, info, warning, error")),
    ("log.format", .choice("auto, json, text")),
  ]

  @Test func everyKeyOfTheTableIsHere() {
    #expect(Self.forms.map(\.key) == ConfigurationKey.all.map(\.name))
  }

  static let cases = forms.flatMap { key, form in
    wrongValues(form).map { Case(key: key, written: $0.0, sentences: $0.1) }
  }

  @Test(arguments: cases)
  func theSentenceAboutAWrongValue(_ wrong: Case) {
    let words = wrong.key.split(separator: ".")
    var text = ""
    for (depth, word) in words.enumerated() {
      text += String(repeating: "  ", count: depth) + "\(word):" + (depth == words.count - 1 ? " " : "\n")
    }
    // The secret is set nowhere else, or there would be a second fault.
    let name = wrong.key == "gateway.app_secret_file" ? "LIPPI_BRIDGE_GATEWAY_APP_SECRET" : ""
    var reading = Reading("\(text)\(wrong.written)\n")
    reading.environment[name] = nil
    let found = reading.problems().map { problem in
      // Places have tests of their own; here they only have to be in this line of the file.
      let words = problem.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      #expect(words.prefix(2).joined(separator: ":") == "lippi.yaml:\(text.split(separator: "\n").count)")
      return String(words.last ?? "")
    }
    #expect(found == wrong.sentences.map { " \(wrong.key) \($0)" })
  }

  @Test func everyWrongSingleValueIsWrongOutsideTheFileToo() {
    for (key, form) in Self.forms {
      guard let (written, sentence) = Self.outsideValue(form) else { continue }
      let variable = "LIPPI_BRIDGE_" + key.uppercased().replacing(".", with: "_")
      #expect(
        Reading(settings: ["\(key)=\(written)"]).problems() == ["--set \(key): \(key) \(sentence)"])
      var reading = Reading()
      reading.environment[variable] = written
      #expect(reading.problems() == ["\(variable): \(key) \(sentence)"])
    }
  }

  /// A text without quotes that is wrong for every key of a form.
  private static func outsideValue(_ form: Form) -> (String, String)? {
    switch form {
    case .text: ("", "is empty; a text is needed")
    case .topic: ("a b", "is \"a b\"; \(topicRule)")
    case .url: ("http://", "is \"http://\", which has no host; \(urlRule)")
    case .integer(let low, let high): ("1.5", "is \"1.5\"; allowed are whole numbers from \(low) to \(high)")
    case .share: ("1.5", "is \"1.5\"; \(shareRule)")
    case .anyInteger: ("ten", "is \"ten\"; a whole number is needed")
    case .duration: ("5", "is \"5\", which has no unit; a duration is written like 500ms, 15s, 2m or 1h")
    case .size: ("5", "is \"5\", which has no unit; a size is written like 512B, 64KiB or 1MiB")
    case .flag: ("TRUE", "is \"TRUE\"; allowed are true and false; did you mean true?")
    case .choice(let words): ("zzzzzzzzzz", "is \"zzzzzzzzzz\"; allowed are \(words)")
    case .list: ("x", "is no JSON: it begins with neither { nor [")
    case .properties: ("[1", "is no JSON: did not find expected ',' or ']', at its end")
    case .start: ("now", "is \"now\"; \(startRule)")
    case .mapping, .rules: ("x", "is no JSON: it begins with neither { nor [")
    // A user without a proxy is another fault.
    case .proxy:
      ("proxy:3128", "is a text which does not begin with http://, socks5:// or socks5h://; \(proxyRule)")
    case .listen: ("9464", "is \"9464\"; \(listenRule)")
    case .file: nil
    }
  }

  private static let topicRule = "a topic's name has 1 to 249 of the characters A-Z a-z 0-9 . _ -"
  private static let urlRule = "a URL is needed, like https://gw.api.taobao.com/router/rest"
  private static let mappingRule = "an object of members and their sources is needed"
  private static let proxyRule =
    "a proxy is needed, like http://proxy:3128, socks5://proxy:1080 or socks5h://proxy:1080"
  private static let shareRule = "allowed are shares from 0.001 to 1"
  private static let listenRule = "an address with a port is needed, like 127.0.0.1:9464 or [::1]:0, or off"
  private static let startRule = "allowed are earliest, latest and a time like 2025-01-31T08:00:00Z"
  private static let long = String(repeating: "x", count: 4_097)
  private static let longTopic = String(repeating: "t", count: 250)

  private static func wrongValues(_ form: Form) -> [(String, [String])] {
    switch form {
    case .text:
      [
        ("[a]", ["is a list; a text is needed"]), ("{a: b}", ["is an object; a text is needed"]),
        ("\" \"", ["is empty; a text is needed"]), ("\"a\\u0001b\"", ["has a control character in it"]),
        (long, ["is longer than 4096 bytes"]),
      ]
    case .topic:
      [
        ("[a]", ["is a list; \(topicRule)"]), ("\"\"", ["is empty; \(topicRule)"]),
        ("chat events", ["is \"chat events\"; \(topicRule)"]), ("\"..\"", ["is \"..\"; \(topicRule)"]),
        ("ereignisse-ü", ["is \"ereignisse-ü\"; \(topicRule)"]),
        (longTopic, ["is \"\(longTopic.prefix(80))…\"; \(topicRule)"]),
      ]
    case .url:
      [
        ("{a: b}", ["is an object; \(urlRule)"]),
        ("ftp://h/", ["is \"ftp://h/\", which does not begin with http:// or https://; \(urlRule)"]),
        ("https:///r", ["is \"https:///r\", which has no host; \(urlRule)"]),
        ("https://u:p@h/r", ["is \"https://u:p@h/r\", which has a user in it; \(urlRule)"]),
        ("https://h/r?a=b", ["is \"https://h/r?a=b\", which has a query or a fragment; \(urlRule)"]),
        ("https://h:99999/r", ["is \"https://h:99999/r\", which has no valid port; \(urlRule)"]),
        (
          "https://h/ä",
          ["is \"https://h/ä\", which has a character that must be percent-encoded; \(urlRule)"]
        ),
      ]
    case .integer(let low, let high):
      wrongIntegers("allowed are whole numbers from \(low) to \(high)") + [
        (
          String(Int64(low)! - 1), ["is \(Int64(low)! - 1); allowed are whole numbers from \(low) to \(high)"]
        ),
        (
          String(Int64(high)! + 1),
          ["is \(Int64(high)! + 1); allowed are whole numbers from \(low) to \(high)"]
        ),
      ]
    case .anyInteger: wrongIntegers("a whole number is needed")
    case .share:
      [
        ("[a]", ["is a list; \(shareRule)"]), ("half", ["is \"half\"; \(shareRule)"]),
        ("\"0.5\"", ["is \"0.5\"; \(shareRule)"]), ("0", ["is \"0\"; \(shareRule)"]),
        ("1.001", ["is \"1.001\"; \(shareRule)"]), ("0.0001", ["is \"0.0001\"; \(shareRule)"]),
        ("50%", ["is \"50%\"; \(shareRule)"]), (".5", ["is \".5\"; \(shareRule)"]),
      ]
    case .duration(let low, let high, let below, let above):
      wrongAmounts(low, high, below, above, kind: "a duration", like: "500ms, 15s, 2m or 1h") + [
        ("5d", ["is \"5d\", which has the unknown unit \"d\"; allowed are ms, s, m, h"]),
        (
          "5S", ["is \"5S\", which has the unknown unit \"S\"; allowed are ms, s, m, h; did you mean 5s?"]
        ),
        ("9223372036854775807h", ["is \"9223372036854775807h\", which is too large a number"]),
      ]
    case .size(let low, let high, let below, let above):
      wrongAmounts(low, high, below, above, kind: "a size", like: "512B, 64KiB or 1MiB") + [
        (
          "5MB",
          [
            "is \"5MB\", which has the unknown unit \"MB\"; allowed are B, KiB, MiB, GiB; did you mean 5MiB?"
          ]
        ),
        ("99999999999999999999B", ["is \"99999999999999999999B\", which is too large a number"]),
      ]
    case .flag:
      [
        ("[]", ["is a list; allowed are true and false"]),
        ("yes", ["is \"yes\"; allowed are true and false; did you mean true?"]),
        ("0", ["is \"0\"; allowed are true and false; did you mean false?"]),
        ("\"true\"", ["is \"true\"; allowed are true and false; did you mean true?"]),
        ("maybe", ["is \"maybe\"; allowed are true and false"]),
      ]
    case .choice(let words):
      [
        ("[a]", ["is a list; allowed are \(words)"]), ("\"\"", ["is empty; allowed are \(words)"]),
        ("zzzzzzzzzz", ["is \"zzzzzzzzzz\"; allowed are \(words)"]),
        (
          // The first choice with a slip of the pen; one letter alone would be no slip.
          "\(words.prefix { $0 != "," })x",
          [
            "is \"\(words.prefix { $0 != "," })x\"; allowed are \(words); did you mean \(words.prefix { $0 != "," })?"
          ]
        ),
      ]
    case .list(let limit):
      [
        ("tenant", ["is a single value, but a list of texts is needed"]),
        ("{a: b}", ["is an object, but a list of texts is needed"]),
        ("[[a], \" \", b]", ["has a member that is no text", "has a member that is no text"]),
        ("[a, a]", ["has \"a\" twice"]),
        (
          "[\((0...limit).map { "h\($0)" }.joined(separator: ", "))]",
          ["has \(limit + 1) members; at most \(limit) are allowed"]
        ),
      ]
    case .properties:
      [
        ("fast", ["is a single value, but an object of names and values is needed"]),
        ("[a]", ["is a list, but an object of names and values is needed"]),
        ("{client.rack: [a]}", ["has no text, number, true or false for \"client.rack\""]),
        ("{client.rack: a, client.rack: b}", ["has \"client.rack\" twice"]),
        (
          "{acks: 1, stats_cb: x, group.id: g}",
          [
            "may not have \"acks\": the bridge sets it itself",
            "may not have \"stats_cb\": the bridge sets it itself",
            "may not have \"group.id\": set kafka.group_id instead",
          ]
        ),
        (
          "{ssl.key.pem: hunter2}",
          [
            "may not have \"ssl.key.pem\" here: a secret comes from kafka.properties_file or from the environment, "
              + "LIPPI_BRIDGE_KAFKA_PROPERTIES={\"ssl.key.pem\": …}"
          ]
        ),
        (
          "{\((0...256).map { "p\($0): 1" }.joined(separator: ", "))}",
          ["has 257 members; at most 256 are allowed"]
        ),
      ]
    case .mapping:
      [
        ("/sid", ["is a single value, but \(mappingRule)"]), ("[a]", ["is a list, but \(mappingRule)"]),
        ("{sid: [a]}", ["sid is a list; a single value or an object is needed"]),
        ("{sid: {}}", ["sid is empty"]), ("{sid: /a, sid: /b}", ["sid is there twice"]),
        (
          "{sid: {values: {a: {b: c}}}}",
          [
            "sid.values.a is an object; nothing is nested so deep", "sid.values is empty", "sid is empty",
          ]
        ),
      ]
    case .proxy:
      [
        ("[a]", ["is a list; \(proxyRule)"]), ("\"\"", ["is empty; \(proxyRule)"]),
        ("ftp://p:1", ["is a text which does not begin with http://, socks5:// or socks5h://; \(proxyRule)"]),
        ("http://p", ["is a proxy which has no valid port; \(proxyRule)"]),
      ]
    case .listen:
      [
        ("[a]", ["is a list; \(listenRule)"]), ("\"\"", ["is empty; \(listenRule)"]),
        ("9464", ["is \"9464\"; \(listenRule)"]), ("localhost", ["is \"localhost\"; \(listenRule)"]),
        ("127.0.0.1:65536", ["is \"127.0.0.1:65536\"; \(listenRule)"]),
        ("\":9464\"", ["is \":9464\"; \(listenRule)"]), ("\"::1:9464\"", ["is \"::1:9464\"; \(listenRule)"]),
        ("\"[::1]\"", ["is \"[::1]\"; \(listenRule)"]),
        ("127.0.0.1:x", ["is \"127.0.0.1:x\"; \(listenRule)"]),
        ("OFF", ["is \"OFF\"; \(listenRule)"]),
      ]
    case .rules:
      [
        ("temporary", ["is a single value, but a list of rules is needed"]),
        ("{code: 1}", ["is an object, but a list of rules is needed"]),
        ("[1]", ["rule 1 is a single value, but an object is needed"]),
        ("[{code: [1]}]", ["rule 1 has no text or number for \"code\""]),
      ]
    case .start:
      [
        ("[a]", ["is a list; \(startRule)"]),
        ("earliset", ["is \"earliset\"; \(startRule); did you mean earliest?"]),
        ("2025-01-31", ["is \"2025-01-31\"; \(startRule)"]),
        ("2025-13-01T00:00:00Z", ["is \"2025-13-01T00:00:00Z\"; \(startRule)"]),
        ("1738281600", ["is \"1738281600\"; \(startRule)"]),
      ]
    case .file:
      [
        ("[a]", ["is a list; the path of a file is needed"]),
        ("\"\"", ["is empty; the path of a file is needed"]),
        ("\"a\\tb\"", ["has a control character in it"]),
      ]
    }
  }

  private static func wrongIntegers(_ rule: String) -> [(String, [String])] {
    [
      ("{a: b}", ["is an object; \(rule)"]), ("many", ["is \"many\"; \(rule)"]),
      ("\"7\"", ["is \"7\"; \(rule)"]), ("1.5", ["is \"1.5\"; \(rule)"]), ("0x10", ["is \"0x10\"; \(rule)"]),
      ("99999999999999999999", ["is 99999999999999999999; \(rule)"]),
    ]
  }

  private static func wrongAmounts(
    _ low: String, _ high: String, _ below: String?, _ above: String, kind: String, like: String
  ) -> [(String, [String])] {
    [
      ("[a]", ["is a list; allowed is \(kind) from \(low) to \(high)"]),
      ("5", ["is \"5\", which has no unit; \(kind) is written like \(like)"]),
      (
        "soon",
        ["is \"soon\", which is not \(kind); allowed is a whole number with a unit, like \(like)"]
      ),
      (
        "-5\(low.drop { $0.isNumber })",
        [
          "is \"-5\(low.drop { $0.isNumber })\", which is not \(kind); allowed is a whole number with a unit, like \(like)"
        ]
      ),
      (above, ["is \(above); allowed are \(low) to \(high)"]),
    ] + (below.map { [($0, ["is \($0); allowed are \(low) to \(high)"])] } ?? [])
  }
}
