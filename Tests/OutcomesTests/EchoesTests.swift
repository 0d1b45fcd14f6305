import BridgeCore
import Outcomes
import Testing

@testable import Outcomes

@Suite struct EchoesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var text: String
    var content: String?
    var cmsID: String?
    var senderID: String?
    var isEcho: Bool
    var testDescription: String { text.debugDescription }
    init(_ text: String, content: String? = nil, cms: String? = nil, sender: String? = nil, _ isEcho: Bool) {
      self.text = text
      self.content = content
      cmsID = cms
      senderID = sender
      self.isEcho = isEcho
    }
  }

  static let cases: [Case] = [
    Case("param content: my secret", content: "this is my secret wish", true),
    Case("12345678", content: "12345678", true),
    Case("1234567", content: "1234567", false),
    Case("xx1234567yy", content: "zz1234567zz", false),
    Case("xx12345678yy", content: "zz12345678zz", true),
    Case("12345678 at the start", content: "12345678", true),
    Case("at the end 12345678", content: "..12345678", true),
    Case("你好吗", content: "我说你好吗他说", true),
    Case("abc\ndef\nghi\njkl", content: "abcdefghijkl", true),
    Case("abc\ndef\nghi\njkl", content: "abc\ndef\nghi\njkl", true),
    Case("abcdefghijkl", content: "abc\ndef\nghi\njkl", false),
    Case(String(repeating: "x", count: 300) + "12345678", content: "12345678", true),
    Case("user member-4711 unknown", cms: "member-4711", true),
    Case("user member-4711 unknown", sender: "member-4711", true),
    Case("user xmember-4711x unknown", sender: "member-4711", true),
    Case("user member-471 unknown", sender: "member-4711", false),
    Case("id 4711", sender: "4711", true),
    Case("id 147112", sender: "4711", true),
    Case("id 471", sender: "471", true),
    Case("471", sender: "471", true),
    Case("(471)", sender: "471", true),
    Case("id 1471 4712 x471 _471 471错", sender: "471", false),
    Case("id 1471, 471", sender: "471", true),
    Case("anything", sender: "", false),
    Case("success", content: "success", false),
    Case("", content: "12345678", sender: "4711", false),
  ]

  @Test(arguments: cases) func echoesAreNotPassedOn(example: Case) throws {
    var record = usualRecord()
    record.content = example.content.map { lasting($0) }
    record.cmsID = example.cmsID.map { lasting($0) }
    record.senderID = example.senderID.map { lasting($0) }
    record.gateway?.subMessage = lasting(example.text)
    record.gateway?.resultMessage = lasting("ok")
    record.gateway?.data = lasting("D-1")
    record.attemptCount = 2
    var logged = LoggedAttempt(effect: .none)
    logged.subCode = example.text
    record.attemptLog = [logged, logged]
    let outcome = try read(record)
    let gateway = try outcome.object("gateway")
    #expect((gateway["sub_message"] as? String == "<echo>") == example.isEcho)
    #expect(gateway["result_message"] as? String == "ok")
    let log = try #require(outcome.json["attempt_log"] as? [[String: Any]])
    #expect((log[0]["sub_code"] as? String == "<echo>") == example.isEcho)
  }

  /// Against the plain definition: some eight bytes of the content stand in the text.
  @Test(arguments: [3, 77, 4_096] as [UInt64]) func theQuickSearchFindsWhatThePlainOneFinds(seed: UInt64) {
    var random = SeededNumbers(state: seed)
    var screen = EchoScreen()
    var echoCount = 0
    for round in 0..<4_000 {
      // A small alphabet makes almost-echoes frequent.
      let letters = UInt8.random(in: 1...3, using: &random)
      let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        UInt8.random(in: 0...letters, using: &random)
      }
      let content = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        UInt8.random(in: 0...letters, using: &random)
      }
      let plain = contains8(text, content)
      if plain { echoCount += 1 }
      let quick = text.withUnsafeBytes { text in
        content.withUnsafeBytes { screen.finds(GuardedTexts(content: $0), in: text) }
      }
      #expect(quick == plain, "seed \(seed), round \(round)")
    }
    #expect(echoCount > 400 && echoCount < 3_600, "both answers occur")
  }

  private func contains8(_ text: [UInt8], _ content: [UInt8]) -> Bool {
    guard text.count >= 8, content.count >= 8 else { return false }
    let pieces = Set((0...(text.count - 8)).map { Array(text[$0..<($0 + 8)]) })
    return (0...(content.count - 8)).contains { pieces.contains(Array(content[$0..<($0 + 8)])) }
  }
}
