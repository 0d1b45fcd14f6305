import BridgeCore
import Foundation
import Outcomes
import Testing

@Suite struct LongAndBrokenTextsTests {
  /// An id as it stands in the event, and in the outcome.
  static let identifiers: [(String, String)] = [
    ("", ""),
    (String(repeating: "a", count: 256), String(repeating: "a", count: 256)),
    // head -c 257 <(yes a | tr -d "\n") | sha256sum
    (
      String(repeating: "a", count: 257),
      String(repeating: "a", count: 244) + "…#e8d95cc2"
    ),
    (String(repeating: "\"", count: 256), String(repeating: "\"", count: 256)),
    ("tab\tnewline\nescape\u{1B}", "tab\tnewline\nescape\u{1B}"),
  ]

  @Test(arguments: identifiers) func identifiersStayOrAreMarked(text: String, expected: String) throws {
    var record = usualRecord()
    record.messageID = lasting(text)
    let outcome = try read(record)
    #expect(outcome.json["message_id"] as? String == expected)
    #expect(outcome.header("ce_subject") == (expected.isEmpty ? nil : expected))
  }

  @Test func identifiersAreCutBetweenCharacters() throws {
    for width in 0..<4 {
      var record = usualRecord()
      let text = String(repeating: "a", count: width) + String(repeating: "🧳", count: 100)
      record.sid = lasting(text)
      let sid = try #require(try read(record).json["sid"] as? String)
      #expect(sid.utf8.count <= 256 && sid.utf8.count > 248)
      #expect(!sid.contains("\u{FFFD}"))
      #expect(text.hasPrefix(sid.prefix { $0 != "…" }))
    }
  }

  /// Bytes that are not UTF-8, and what becomes of them.
  static let broken: [([UInt8], String)] = [
    ([0xFF], "\u{FFFD}"),
    ([0x61, 0xC0, 0xAF, 0x62], "a\u{FFFD}\u{FFFD}b"),
    ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
    ([0xF4, 0x90, 0x80, 0x80, 0x21], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}!"),
    ([0xE4, 0xBD], "\u{FFFD}\u{FFFD}"),
    ([0xE4, 0xBD, 0xA0], "你"),
    ([0xF0, 0x9F, 0xA7, 0xB3], "🧳"),
  ]

  @Test(arguments: broken) func whatIsNotUTF8IsReplaced(bytes: [UInt8], expected: String) throws {
    var record = usualRecord()
    record.eventID = lasting(bytes)
    record.gateway?.subMessage = lasting(bytes)
    let outcome = try read(record)
    #expect(outcome.json["event_id"] as? String == expected)
    #expect(outcome.header("event_id") == expected)
    #expect(try outcome.object("gateway")["sub_message"] as? String == expected)
  }

  @Test func aKeyOf4KiBPassesAndALongerOneIsNamedByItsDigest() throws {
    var record = usualRecord()
    let whole = [UInt8](repeating: 0xFE, count: 4_096)
    record.key = lasting(whole)
    #expect(try read(record).key == whole)
    // head -c 4097 /dev/zero | sha256sum
    record.key = lasting([UInt8](repeating: 0, count: 4_097))
    let digest = "b587fa297299ce9c602e58292b51379402bf7b1074f6b18679c2fb871c917ca8"
    #expect(try read(record).key.map { String(decoding: $0, as: UTF8.self) } == digest)
  }

  @Test func gatewayTextsAreCutAndLoseControlCharacters() throws {
    var record = usualRecord()
    record.gateway?.message = lasting("a\u{0}b\u{7F}c\u{85}d\r\ne")
    record.gateway?.subMessage = lasting(String(repeating: "错", count: 100))
    record.gateway?.resultMessage = lasting(String(repeating: "e", count: 256))
    record.gateway?.data = lasting(String(repeating: "d", count: 65))
    let gateway = try read(record).object("gateway")
    #expect(gateway["message"] as? String == "abcde")
    #expect(gateway["sub_message"] as? String == String(repeating: "错", count: 84) + "…")
    #expect(gateway["result_message"] as? String == String(repeating: "e", count: 256))
    #expect(gateway["data"] as? String == String(repeating: "d", count: 61) + "…")
  }

  static let seeds: [UInt64] = [1, 20_240_611, 0xDEAD_BEEF]

  @Test(arguments: seeds) func whateverStandsInTheTextsTheOutcomeParses(seed: UInt64) throws {
    var random = SeededNumbers(state: seed)
    var encoder = OutcomeEncoder(identity: Sample.identity)
    for round in 0..<1_500 {
      var record = usualRecord()
      let texts = (0..<6).map { _ in random.text(upTo: 60) }
      record.messageID = lasting(texts[0])
      record.sid = lasting(texts[1])
      record.buID = lasting(texts[2])
      record.redrive = Redrive(id: texts[3], of: texts[4], by: nil)
      record.eventID = lasting(random.bytes(upTo: 300))
      record.corpID = lasting(random.bytes(upTo: 12))
      record.gateway?.subMessage = lasting(random.bytes(upTo: 1_500))
      record.gateway?.message = lasting(texts[5])
      record.resolution = Resolution(kind: .invalid, error: .invalidEvent)
      record.problems = [OutcomeProblem(pointer: texts[0], code: texts[1])]
      let outcome = try read(record, with: &encoder)
      let place: Comment = "seed \(seed), round \(round)"
      #expect(same(outcome.json["message_id"], texts[0]), place)
      #expect(same(outcome.json["sid"], texts[1]), place)
      #expect(same(outcome.json["bu_id"], texts[2]), place)
      #expect(same(try outcome.object("redrive")["id"], texts[3]), place)
      #expect(same(try outcome.object("redrive")["of"], texts[4]), place)
      let gateway = try outcome.object("gateway")
      for name in ["message", "sub_message"] {
        let text = try #require(gateway[name] as? String)
        #expect(text.utf8.count <= 256, place)
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control }, place)
      }
      #expect(outcome.size <= OutcomeEncoder.byteLimit, place)
    }
  }

  /// By bytes: two texts that Unicode calls equivalent are still different ids.
  private func same(_ value: Any?, _ text: String) -> Bool {
    (value as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
  }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// At most `limit` scalars from all of Unicode; every second one from ASCII, controls included.
  mutating func text(upTo limit: Int) -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...limit, using: &self) {
      let number =
        Bool.random(using: &self)
        ? UInt32.random(in: 0...127, using: &self) : UInt32.random(in: 0...0x10_FFFF, using: &self)
      if let scalar = Unicode.Scalar(number) { scalars.append(scalar) }
    }
    return String(scalars)
  }

  mutating func bytes(upTo limit: Int) -> [UInt8] {
    (0..<Int.random(in: 0...limit, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}
