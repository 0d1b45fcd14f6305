import BridgeCore
import Testing

@testable import ChatEvents

@Suite struct MembersAreMappedTests {
  /// `sid.pointer=/a/b`, `sid.values.x=1`; a value of `null` is none.
  private static func mapping(_ lines: String...) throws(MappingRefusal) -> EventMapping {
    try EventMapping(
      lines.map { line in
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let text = String(parts[1])
        return MappingSetting(
          path: parts[0].split(separator: ".").map(String.init), text: text == "null" ? nil : text)
      })
  }

  private static func bench(_ mapping: EventMapping) -> DecodingBench {
    DecodingBench(namesOrigins: true) { $0.mapping = mapping }
  }

  @Test func membersComeFromEveryKindOfSource() throws {
    let mapping = try Self.mapping(
      "message_id.pointer=/msg/ids/1", "sid.key=true", "session_source.header=x-source",
      "bu_id.attribute=subject", "content.pointer=/msg/a~1b~0c", "content_type.constant=text",
      "corp_id=/msg/corp", "cms_id.constant=null")
    let value = #"{"msg":{"ids":["x",42],"a/b~c":"hello","corp":"ding"},"cms_id":"never read"}"#
    let headers = [("x-source", "Helpdesk"), ("ce_id", "1"), ("ce_subject", "100")]
    let decoded = Self.bench(mapping).decode(value, key: "conversation", headers: headers)
    #expect(decoded.problems == [])
    #expect(
      decoded.members.texts == [
        "message_id": "42", "sid": "conversation", "session_source": "Helpdesk", "bu_id": "100",
        "content": "hello", "corp_id": "ding",
      ])
    #expect(
      decoded.origins == [
        "message_id": "pointer /msg/ids/1", "sid": "key", "session_source": "header x-source",
        "bu_id": "attribute subject", "content": "pointer /msg/a~1b~0c", "content_type": "constant",
        "corp_id": "pointer /msg/corp",
      ])
  }

  @Test func theSameMappingReadsStructuredEvents() throws {
    let mapping = try Self.mapping("sid.pointer=/chat", "bu_id.attribute=subject")
    let value =
      #"{"subject":"7","data":\#(eventText([("sid", nil), ("bu_id", nil), ("chat", #""c""#)]))}"#
    let headers = [("content-type", "application/cloudevents")]
    let decoded = Self.bench(mapping).decode(value, headers: headers)
    #expect(decoded.problems == [])
    #expect(decoded.members.texts["sid"] == "c" && decoded.members.texts["bu_id"] == "7")
    #expect(decoded.origins["sid"] == "pointer /data/chat")
    #expect(
      Self.bench(mapping).decode(#"{"data":{"chat":" "}}"#, headers: headers).problems.first
        == "/data/chat blank")
  }

  @Test(
    arguments: [
      ("number", "org_id", "1.0", 1), ("number", "org_id", #""1e3""#, 1_000),
      ("time", "message_create_at", "1577096532", 1_577_096_532_000),
      ("time", "message_create_at", "1577096532.39", 1_577_096_532_390),
      ("time", "message_create_at", #""1577096532390""#, 1_577_096_532_390),
      ("time", "message_create_at", #""2019-12-23T10:22:12.390Z""#, 1_577_096_532_390),
    ] as [(String, String, String, Int64)])
  func numbersAndTimesAreConverted(
    _ conversion: String, _ member: String, _ value: String, _ number: Int64
  ) throws {
    let mapping = try Self.mapping("\(member).pointer=/x", "\(member).convert=\(conversion)")
    let decoded = Self.bench(mapping).decode(eventText([("x", value)]))
    #expect(decoded.problems == [])
    #expect(decoded.members.numbers[member] == number)
  }

  @Test(arguments: [
    ("text", "true", "true"), ("text", "1.50", "1.50"), ("text", #""x""#, "x"),
    ("json", #"{"a": [1, "\u00e9\n", null ], "b":true}"#, #"{"a":[1,"é\n",null],"b":true}"#),
    ("json", #""x""#, #""x""#),
  ])
  func textsAreConverted(_ conversion: String, _ value: String, _ text: String) throws {
    let mapping = try Self.mapping("content.pointer=/x", "content.convert=\(conversion)")
    let decoded = Self.bench(mapping).decode(eventText([("x", value)]))
    #expect(decoded.problems == [])
    #expect(decoded.members.texts["content"] == text)
  }

  @Test func valuesAreTranslatedAndDefaultsFillIn() throws {
    let mapping = try Self.mapping(
      "content_type.pointer=/kind", "content_type.values.plain=text", "content_type.values.2=image",
      "content_type.values.true=file", "content_type.default=link")
    let bench = Self.bench(mapping)
    for (kind, number) in [(#""plain""#, 1), ("2", 2), ("true", 9), ("null", 4)] as [(String, Int64)] {
      let decoded = bench.decode(eventText([("kind", kind)]))
      #expect(decoded.problems == [] && decoded.members.numbers["content_type"] == number)
    }
    #expect(bench.decode(eventText()).members.numbers["content_type"] == 4)
    #expect(bench.decode(eventText([("kind", #""odd""#)])).problems == ["/kind mapping"])
    let open = try Self.mapping("content_type.pointer=/kind", "content_type.values.*=text")
    #expect(Self.bench(open).decode(eventText([("kind", #""odd""#)])).members.numbers["content_type"] == 1)
  }

  @Test func problemsNameThePlaceInTheEventAndStayInItsOrder() throws {
    let mapping = try Self.mapping(
      "content.pointer=/z/text", "sid.pointer=/a/id", "message_id.header=x-id", "bu_id.pointer=/gone")
    let value = #"{"a":{"id":" "},"session_source":"","z":{"text":1},"content_type":null}"#
    #expect(
      Self.bench(mapping).decode(value).problems == [
        "/a/id blank", "/session_source empty", "/z/text wrong_type", "/content_type null_value",
        "/message_id missing", "/gone missing",
      ])
  }

  @Test func headersThatAreNoTextAreAProblem() throws {
    let mapping = try Self.mapping("sid.key=true")
    let bench = Self.bench(mapping)
    #expect(bench.decode(eventText(), key: nil).problems == ["/sid missing"])
    #expect(bench.decode(eventText(), key: " ").problems == ["/sid blank"])
  }

  @Test(arguments: [
    (["sid=x"], ["sid"]), (["sid.pointer=x"], ["sid", "pointer"]), (["sid.pointer=/~2"], ["sid", "pointer"]),
    (["sid.key=false"], ["sid", "key"]), (["sid.header="], ["sid", "header"]),
    (["sid.colour=1"], ["sid", "colour"]),
    (["sid.default=1"], ["sid"]), (["sid.pointer=/a", "sid.key=true"], ["sid"]),
    (["sid.constant=null"], ["sid", "constant"]), (["sid.constant= "], ["sid", "constant"]),
    (["sid.pointer=/a", "sid.convert=number"], ["sid", "convert"]),
    (["sid.pointer=/a", "sid.convert=upper"], ["sid", "convert"]),
    (["content_type.pointer=/a", "content_type.values.x=banner"], ["content_type", "values", "x"]),
    (["content_type.pointer=/a", "content_type.values=x"], ["content_type", "values"]),
    (["content_type.pointer=/a", "content_type.values.x=null"], ["content_type", "values", "x"]),
    (["content_type.pointer=/a", "content_type.default=11"], ["content_type", "default"]),
    (["content_type.constant=1", "content_type.default=2"], ["content_type"]), (["ssid.key=true"], ["ssid"]),
  ])
  func faultsOfTheMappingAreNamed(_ lines: [String], _ path: [String]) {
    let settings = lines.map { line in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return MappingSetting(
        path: parts[0].split(separator: ".").map(String.init),
        text: parts[1] == "null" ? nil : String(parts[1]))
    }
    #expect {
      try EventMapping(settings)
    } throws: { error in
      (error as? MappingRefusal)?.problems.map(\.path) == [path]
    }
  }
}
