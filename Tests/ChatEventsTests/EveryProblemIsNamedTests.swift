import Testing

@testable import ChatEvents

@Suite struct EveryProblemIsNamedTests {
  private static let deep32 =
    String(repeating: #"{"a":"#, count: 31) + "1" + String(repeating: "}", count: 31)
  private static let deep33 =
    String(repeating: #"{"a":"#, count: 32) + "1" + String(repeating: "}", count: 32)

  /// value → problems
  @Test(arguments: [
    ("", [" empty"]),
    (" ", [" not_json"]),
    ("null", [" null_value"]),
    ("1", [" wrong_type"]),
    ("[]", [" wrong_type"]),
    (#""text""#, [" wrong_type"]),
    ("{", [" not_json"]),
    (
      "{}",
      [
        "/message_id missing", "/sid missing", "/session_source missing", "/bu_id missing",
        "/content missing", "/content_type missing",
      ]
    ),
    ("{} {}", [" not_json"]),
    (#"{"a":tru}"#, [" not_json"]),
    (eventText([("extra", deep32)]), []),
    (eventText([("extra", deep33)]), [" too_deep"]),
    (eventText([("message_id", "null")]), ["/message_id null_value"]),
    (eventText([("message_id", "true")]), ["/message_id wrong_type"]),
    (eventText([("message_id", "1.0")]), ["/message_id wrong_type"]),
    (eventText([("message_id", #""""#)]), ["/message_id empty"]),
    (eventText([("message_id", #"" \t\u00a0\u3000""#)]), ["/message_id blank"]),
    (eventText([("message_id", String(repeating: "9", count: 65))]), ["/message_id out_of_range"]),
    (eventText([("message_id", #""\ud800""#)]), ["/message_id not_utf8"]),
    (#"[{"a":1,"a":2}]"#, [" wrong_type", "/0/a duplicate_member"]),
    (eventText([(#"\ud800"#, "1"), (#"\uD800"#, "2")]), ["/\u{FFFD} duplicate_member"]),
    (eventText([(#"\ud800"#, "1"), (#"\\ud800"#, "2")]), []),
    (eventText([("message_create_at", #""-5""#)]), ["/message_create_at bad_time"]),
    (eventText([("message_create_at", #""2020-02-29T12:59:60Z""#)]), ["/message_create_at bad_time"]),
    (eventText([("sender_type", "99999999999999999999")]), ["/sender_type not_allowed"]),
    (eventText([("sender_type", #""01""#)]), ["/sender_type not_allowed"]),
    (
      #"{"ly_open_message_dto":"x"}"#,
      ["/ly_open_message_dto wrong_type"]
        + ["message_id", "sid", "session_source", "bu_id", "content", "content_type"].map {
          "/ly_open_message_dto/\($0) missing"
        }
    ),
    (eventText([("content", "1")]), ["/content wrong_type"]),
    (eventText([("content", #""""#)]), ["/content empty"]),
    (eventText([("content_type", "0")]), ["/content_type not_allowed"]),
    (eventText([("content_type", "11")]), ["/content_type not_allowed"]),
    (eventText([("content_type", "1.0")]), ["/content_type wrong_type"]),
    (eventText([("content_type", "1e0")]), ["/content_type wrong_type"]),
    (eventText([("content_type", #""banner""#)]), ["/content_type not_allowed"]),
    (eventText([("content_type", "99999999999999999999")]), ["/content_type out_of_range"]),
    (eventText([("content_type", "[1]")]), ["/content_type wrong_type"]),
    (eventText([("sender_type", "2")]), ["/sender_type not_allowed"]),
    (eventText([("production_type", "true")]), ["/production_type wrong_type"]),
    (eventText([("message_create_at", #""yesterday""#)]), ["/message_create_at bad_time"]),
    (eventText([("message_create_at", #""2019-02-29T00:00:00Z""#)]), ["/message_create_at bad_time"]),
    (eventText([("message_create_at", "1.5")]), ["/message_create_at wrong_type"]),
    (eventText([("message_create_at", "9223372036854775808")]), ["/message_create_at out_of_range"]),
    (eventText([("cms_id", "{}")]), ["/cms_id wrong_type"]),
    (eventText([("caller", "1")]), ["/caller wrong_type"]),
    (
      eventText([("caller", #"{"org_id":"x","token_grant_type":2}"#)]),
      ["/caller/org_id wrong_type", "/caller/token_grant_type not_allowed"]
    ),
    (
      #"{"sid":"a","sid":"b"}"#,
      [
        "/sid duplicate_member", "/message_id missing", "/session_source missing", "/bu_id missing",
        "/content missing", "/content_type missing",
      ]
    ),
    (eventText([("x", #"{"a":[{"b":1,"\u0062":2}]}"#)]), ["/x/a/0/b duplicate_member"]),
    (eventText([("a/b~c", "1"), (#"a\/b~c"#, "2")]), ["/a~1b~0c duplicate_member"]),
    (
      #"{"ly_open_message_dto":{"sid":"a"},"sid":"b"}"#,
      [
        "/sid duplicate_member", "/ly_open_message_dto/message_id missing",
        "/ly_open_message_dto/session_source missing",
        "/ly_open_message_dto/bu_id missing", "/ly_open_message_dto/content missing",
        "/ly_open_message_dto/content_type missing",
      ]
    ),
    (
      #"{"content_type":11,"content":"","extra":1,"sid":" "}"#,
      [
        "/content_type not_allowed", "/content empty", "/sid blank", "/message_id missing",
        "/session_source missing", "/bu_id missing",
      ]
    ),
  ])
  func problemsComeInDocumentOrder(_ value: String, _ problems: [String]) {
    #expect(DecodingBench().decode(value).problems == problems)
  }

  @Test func bytesThatAreNoText() {
    let bench = DecodingBench()
    #expect(bench.decode(nil).problems == [" null_value"])
    let avro = [("content-type", "application/vnd.apache.avro+binary")]
    #expect(bench.decode(eventText(), headers: avro).problems == [" unsupported_encoding"])
    #expect(bench.decode([0xFF, 0xFE]).problems == [" not_utf8"])
    #expect(bench.decode([0xFF, 0x31, 0x22]).problems == [" not_utf8"], "an open quote hides nothing")
    #expect(
      bench.decode(Array(#"{"a":""#.utf8) + [0xC0, 0x80] + Array(#""}"#.utf8)).problems == [" not_utf8"])
    #expect(bench.decode([0, 0, 0, 0, 7, 2, 0x0A]).problems == [" unsupported_encoding"])
    #expect(bench.decode([0]).problems == [" unsupported_encoding"])
    #expect(bench.decode([0, 0, 0, 0, 7] + Array(eventText().utf8)).problems == [])
  }

  @Test func limitsCountBytesAndExactlyTheLimitPasses() {
    let bench = DecodingBench { settings in
      settings.valueByteLimit = 1_000
      settings.contentByteLimit = 6
    }
    #expect(bench.decode(eventText([("content", #""\u4f60\u597d""#)])).problems == [])
    #expect(bench.decode(eventText([("content", #""\u4f60\u597da""#)])).problems == ["/content too_large"])
    let padding = 1_000 - eventText([("x", #""""#)]).utf8.count
    #expect(
      bench.decode(eventText([("x", "\"" + String(repeating: "x", count: padding) + "\"")])).problems == [])
    let tooLarge = bench.decode(
      eventText([("x", "\"" + String(repeating: "x", count: padding + 1) + "\"")]), key: "k")
    #expect(tooLarge.problems == [" too_large"])
    #expect(tooLarge.members.texts.isEmpty)
  }

  @Test func theListIsBoundedAndTheCountIsNot() {
    let members = (0..<200).map { #""a\#($0)":1,"a\#($0)":2"# }.joined(separator: ",")
    let decoded = DecodingBench().decode("{\(members)}")
    #expect(decoded.problems.count == EventProblem.listLimit)
    #expect(decoded.problems.first == "/a0 duplicate_member")
    #expect(decoded.problemCount >= 200)
  }

  /// An object of many members costs what its size costs, not its square.
  @Test func manyMembersAreLookedThroughInLinearTime() {
    let bench = DecodingBench { $0.valueByteLimit = 16 << 20 }
    // Processor time of this thread, the best of a few runs: other work on the machine does not count.
    func time(_ count: Int) -> UInt64 {
      let members = (0..<count).map { #""a\#($0)":1"# }.joined(separator: ",")
      let value = Array(eventText([("x", "{\(members)}")]).utf8)
      return (0..<5).map { _ in
        let started = threadNanoseconds()
        #expect(bench.decode(value).problems == [])
        return threadNanoseconds() - started
      }.min()!
    }
    let small = time(10_000)
    let large = time(100_000)
    #expect(large < small * 60, "ns for 10 000 members: \(small), for 100 000: \(large)")
  }

  @Test func randomBytesNeverTrap() {
    let bench = DecodingBench()
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let valid = Array(eventText([("caller", #"{"org_id":1,"corp_id":"\u4f60"}"#), ("x", "[1,2,{}]")]).utf8)
    for _ in 0..<20_000 {
      var mutated = valid
      for _ in 0...Int.random(in: 0...4, using: &random) {
        let position = Int.random(in: 0..<mutated.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: mutated[position] = UInt8.random(in: 0...255, using: &random)
        case 1: mutated.remove(at: position)
        default: mutated.insert(UInt8.random(in: 0...255, using: &random), at: position)
        }
      }
      let decoded = bench.decode(mutated)
      #expect(decoded.problems.count == min(decoded.problemCount, EventProblem.listLimit), "seed \(seed)")
      #expect(!decoded.eventID.isEmpty, "seed \(seed)")
    }
  }
}

struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}
