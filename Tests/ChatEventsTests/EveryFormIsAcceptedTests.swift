import BridgeCore
import Testing

@testable import ChatEvents

@Suite struct EveryFormIsAcceptedTests {
  @Test(
    arguments: [
      ("1", 1), ("10", 10), (#""7""#, 7), (#""text""#, 1), (#""image""#, 2), (#""video""#, 3),
      (#""link""#, 4),
      (#""voice""#, 5), (#""markdown""#, 6), (#""MARK_DOWN""#, 6), (#""action_card""#, 7),
      (#""ACTION_CARD""#, 7),
      (#""Rich_Text""#, 8), (#""Markdown""#, 6), (#""007""#, 7), (#""file""#, 9), (#""read""#, 10),
      (#""MSG_READ""#, 10), (#""TEXT""#, 1),
    ] as [(String, Int64)])
  func contentTypes(_ value: String, _ number: Int64) {
    let decoded = DecodingBench().decode(eventText([("content_type", value)]))
    #expect(decoded.problems == [])
    #expect(decoded.members.numbers["content_type"] == number)
  }

  @Test(
    arguments: [
      ("sender_type", "null", 1), ("sender_type", #""member""#, 1), ("sender_type", #""agent""#, 4),
      ("sender_type", #""4""#, 4), ("sender_type", "1", 1),
      ("production_type", #""customer_service""#, 1), ("production_type", "1001", 1001),
      ("production_type", #""economy_customer_service""#, 1001),
      ("message_create_at", "1577096532390", 1_577_096_532_390),
      ("message_create_at", #""1577096532390""#, 1_577_096_532_390),
      ("message_create_at", #""2019-12-23T10:22:12.390Z""#, 1_577_096_532_390),
      ("message_create_at", #""2019-12-23t18:22:12.3909999+08:00""#, 1_577_096_532_390),
      ("message_create_at", #""2020-02-29T23:59:60Z""#, 1_583_020_800_000),
      ("message_create_at", #""1969-12-31T23:59:59.999Z""#, -1),
      ("message_create_at", "-1", -1),
    ] as [(String, String, Int64)])
  func numbers(_ name: String, _ value: String, _ number: Int64) {
    let decoded = DecodingBench().decode(eventText([(name, value)]))
    #expect(decoded.problems == [])
    #expect(decoded.members.numbers[name] == number)
  }

  @Test(arguments: [
    ("768572312", "768572312"), ("-0", "-0"),
    (String(repeating: "9", count: 64), String(repeating: "9", count: 64)),
    (#""  padded ""#, "  padded "), (#""\u4f60\u597d \ud83d\ude00\/""#, "你好 😀/"),
  ])
  func ids(_ value: String, _ text: String) {
    for name in [
      "message_id", "sid", "session_source", "bu_id", "cms_id", "ding_corp_id", "sender_id",
      "open_instance_id",
    ] {
      let decoded = DecodingBench().decode(eventText([(name, value)]))
      #expect(decoded.problems == [], "\(name)")
      #expect(decoded.members.texts[name] == text, "\(name)")
    }
  }

  @Test func unknownMembersMayHoldAnything() {
    let value = eventText([
      ("x", "[1e999,{}]"), ("y", String(repeating: "1", count: 500)), ("z", #""\ud800""#), (#"\ud800"#, "1"),
    ])
    #expect(DecodingBench().decode(value).problems == [])
  }

  @Test func theAPIsOwnNesting() {
    let nested =
      #"{"ly_open_message_dto":\#(eventText([("sender_type", #""4""#)])),"ly_ding_open_para_dto":{"corp_id":"dingxxx","org_id":123,"token_grant_type":0}}"#
    let flat = eventText([
      ("sender_type", "4"),
      ("caller", #"{"corp_id":"dingxxx","org_id":"123","token_grant_type":"enterprise"}"#),
    ])
    let first = DecodingBench().decode(nested)
    #expect(first.problems == [])
    #expect(first.members == DecodingBench().decode(flat).members)
  }

  @Test func aNullAtTheTopLeavesTheWordToTheNesting() {
    let nested = #"{"sid":null,"ly_open_message_dto":\#(eventText())}"#
    #expect(DecodingBench().decode(nested).problems == [])
    let twice = #"{"sid":null,"ly_open_message_dto":\#(eventText([("sid", "null")]))}"#
    #expect(DecodingBench().decode(twice).problems == ["/sid null_value"])
  }

  @Test func theEventsCallerLiesOverTheConfiguredOne() {
    let bench = DecodingBench { settings in
      settings.caller.corpID = "configured"
      settings.caller.orgID = 1
      settings.caller.tokenGrantType = 1
      settings.caller.isvOrgID = 9
      settings.caller.suiteKey = "suite"
    }
    let plain = bench.decode(eventText())
    #expect(plain.members.texts["corp_id"] == "configured")
    #expect(plain.members.numbers["isv_org_id"] == 9)
    #expect(plain.warnings == [])
    let over = bench.decode(eventText([("caller", #"{"corp_id":"own","token_grant_type":0}"#)]))
    #expect(over.members.texts["corp_id"] == "own")
    #expect(over.members.numbers["org_id"] == 1)
    #expect(over.members.numbers["isv_org_id"] == nil)
    #expect(over.members.texts["suite_key"] == nil)
    #expect(over.warnings == .isvMembersDropped)
  }

  @Test func eventIDs() {
    let bench = DecodingBench()
    #expect(bench.decode(eventText()).eventID == "chat-events/3/1234")
    #expect(bench.decode(eventText([("event_id", #""e-1""#)])).eventID == "e-1")
    #expect(bench.decode(eventText([("event_id", "17")])).eventID == "17")
    for none in ["1.5", "true", #"" ""#, #""\ud800""#] {
      let decoded = bench.decode(eventText([("event_id", none)]))
      #expect(
        decoded.problems == [] && decoded.eventID == "chat-events/3/1234", "an id that is none: \(none)")
    }
    #expect(bench.decode(eventText(), headers: [("lippi-redrive-of", "e-0")]).eventID == "e-0")
    #expect(bench.decode(nil).eventID == "chat-events/3/1234")
  }

  @Test func lanesFollowSidThenKeyThenRecord() {
    let bench = DecodingBench()
    let bySid = bench.decode(eventText([("sid", #""a""#)]), key: "other")
    #expect(bySid.keyDiffersFromSid)
    #expect(!bench.decode(eventText([("sid", #""a""#)]), key: "a").keyDiffersFromSid)
    #expect(
      bench.decode("{", key: "a").lane == bySid.lane,
      "the same bytes are the same lane, whatever their source")
    #expect(bench.decode("{", key: "b").lane != bySid.lane)
    #expect(
      bench.decode(#"{"sid":"a"}"#, key: "b").lane == bySid.lane, "an invalid event keeps its conversation")
    #expect(bench.decode("{").lane != bySid.lane)
  }

  @Test func tracingAndConfiguredHeadersAreCopied() {
    let bench = DecodingBench { $0.copiedHeaderNames = ["tenant"] }
    let decoded = bench.decode(
      eventText(), headers: [("traceparent", "00-1"), ("tenant", "t"), ("other", "x")])
    #expect(decoded.copiedHeaders == ["traceparent": "00-1", "tenant": "t"])
  }
}
