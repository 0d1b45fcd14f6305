import BridgeCore
import Testing

@testable import ChatEvents

@Suite struct CloudEventsAreReadTests {
  private static let structured = [("content-type", "application/cloudevents+json; charset=utf-8")]

  private static func envelope(_ members: String) -> String {
    #"{"specversion":"1.0","source":"/shop","type":"chat",\#(members)}"#
  }

  /// Base64 of a text.
  private static func encoded(_ text: String) -> String {
    String(decoding: Base64.standard.encode(Array(text.utf8)), as: UTF8.self)
  }

  @Test(arguments: [
    "application/cloudevents", "Application/CloudEvents+JSON", "application/cloudevents+json;charset=utf-8",
  ])
  func structuredEventsHaveTheMessageInside(_ contentType: String) {
    let value = Self.envelope(#""id":"ce-7","expirytime":"2019-12-23T10:22:12Z","data":\#(eventText())"#)
    let decoded = DecodingBench().decode(value, headers: [("Content-Type", contentType)])
    #expect(decoded.problems == [])
    #expect(decoded.members == DecodingBench().decode(eventText()).members)
    #expect(decoded.eventID == "ce-7")
    #expect(decoded.expiresAt == WallTime(milliseconds: 1_577_096_532_000))
  }

  @Test func theEnvelopesIDGoesBeforeTheOneInside() {
    let inside = eventText([("event_id", #""inside""#)])
    for value in [
      Self.envelope(#""id":"ce-7","data":\#(inside)"#), Self.envelope(#""data":\#(inside),"id":"ce-7""#),
    ] {
      #expect(DecodingBench().decode(value, headers: Self.structured).eventID == "ce-7")
    }
    let without = Self.envelope(#""id":" ","data":\#(inside)"#)
    #expect(DecodingBench().decode(without, headers: Self.structured).eventID == "inside")
  }

  @Test func encodedDataIsDecoded() {
    let value = Self.envelope(#""data":null,"data_base64":"\#(Self.encoded(eventText()))""#)
    #expect(DecodingBench().decode(value, headers: Self.structured).problems == [])
    let faulty = eventText([("sid", #""s","sid":"t""#), ("content", nil)])
    let broken = Self.envelope(#""data_base64":"\#(Self.encoded(faulty))","expirytime":"never""#)
    #expect(
      DecodingBench().decode(broken, headers: Self.structured).problems == [
        "/data_base64/sid duplicate_member", "/expirytime bad_time", "/data_base64/content missing",
      ])
  }

  @Test(arguments: [
    (#""id":"1""#, ["/data missing"]),
    (#""data":null"#, ["/data null_value"]),
    (#""data":"{}""#, ["/data wrong_type"]),
    (#""data_base64":1"#, ["/data_base64 wrong_type"]),
    (#""data_base64":"""#, ["/data_base64 empty"]),
    (#""data_base64":"e30""#, ["/data_base64 not_json"]),
    (#""data_base64":"e30=","data":{"sid":"s"}"#, ["/data duplicate_member"]),
    (#""data_base64":"ew==""#, ["/data_base64 not_json"]),
    (#""data_base64":"/w==""#, ["/data_base64 not_utf8"]),
    (#""data_base64":"W10=""#, ["/data_base64 wrong_type"]),
    (#""expirytime":1,"data":[]"#, ["/expirytime bad_time", "/data wrong_type"]),
  ])
  func whatIsWrongIsNamedFromTheTop(_ members: String, _ problems: [String]) {
    let decoded = DecodingBench().decode(Self.envelope(members), headers: Self.structured)
    #expect(decoded.problems.filter { !$0.hasSuffix(" missing") || $0 == "/data missing" } == problems)
  }

  @Test func problemsInsideCarryTheWholeWay() {
    let data = #"{"ly_open_message_dto":{"sid":" ","message_id":"m"},"caller":{"org_id":"x"}}"#
    let decoded = DecodingBench().decode(Self.envelope(#""data":\#(data)"#), headers: Self.structured)
    #expect(
      decoded.problems == [
        "/data/ly_open_message_dto/sid blank", "/data/caller/org_id wrong_type",
        "/data/ly_open_message_dto/session_source missing", "/data/ly_open_message_dto/bu_id missing",
        "/data/ly_open_message_dto/content missing", "/data/ly_open_message_dto/content_type missing",
      ])
  }

  @Test func binaryEventsHaveTheirAttributesInHeaders() {
    let headers = [
      ("ce_specversion", "1.0"), ("ce_id", "ce-8"), ("ce_expirytime", "2019-12-23T10:22:12Z"),
      ("content-type", "application/json"),
    ]
    let decoded = DecodingBench().decode(eventText([("event_id", #""inside""#)]), headers: headers)
    #expect(decoded.problems == [])
    #expect(decoded.eventID == "ce-8")
    #expect(decoded.expiresAt == WallTime(milliseconds: 1_577_096_532_000))
    let late = DecodingBench().decode(eventText([("sid", "null")]), headers: [("ce_expirytime", "soon")])
    #expect(late.problems == ["/expirytime bad_time", "/sid null_value"])
  }

  @Test(arguments: [
    "application/cloudevents-batch+json", "APPLICATION/CLOUDEVENTS-BATCH", "application/cloudevents+avro",
    "application/cloudevents+protobuf", "application/x-protobuf", "avro/binary",
  ])
  func severalEventsOrOtherEncodingsAreNotRead(_ contentType: String) {
    let decoded = DecodingBench().decode("[{}]", headers: [("content-type", contentType)])
    #expect(decoded.problems == [" unsupported_encoding"])
  }

  @Test func redrivenRecordsSayWhatTheyRepeat() {
    let headers = [
      ("lippi-redrive-id", "r1"), ("lippi-redrive-of", "chat-events/0/7"), ("lippi-redrive-by", "anna"),
      ("lippi-may-duplicate", "true"),
    ]
    let decoded = DecodingBench().decode(eventText(), headers: headers)
    #expect(decoded.redrive == ["r1", "chat-events/0/7", "anna"])
    #expect(decoded.mayDuplicate)
    #expect(decoded.eventID == "chat-events/0/7")
    #expect(DecodingBench().decode(eventText()).redrive == [nil, nil, nil])
  }
}
