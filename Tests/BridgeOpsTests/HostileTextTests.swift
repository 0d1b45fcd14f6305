import BridgeCore
import Foundation
import Testing

@testable import BridgeOps

/// Texts from outside in a log line: one line stays one line, and nothing acts on who reads it.
@Suite struct HostileTextTests {
  private let time = WallTime(milliseconds: 1_577_096_532_390)

  private static let hostileTexts = [
    "a\nb", "a\r\nb\t", "\u{0}\u{1b}[31m", #"","level":"error"#, "\\", "你好 😀", "", "\u{9b}31m\u{7f}",
    "\u{85}\u{2028}",
    "\u{202e}txt.exe", "a\u{200b}b", "\u{e000}", "\u{1f468}\u{200d}\u{1f469}", "\u{e0041}",
  ]

  @Test func noValueMakesALineOrBreaksTheJSON() throws {
    for hostile in Self.hostileTexts {
      var buffer = ByteBuffer()
      LogLine(.error, "m", [(.detail, .text(hostile)), (.count, .integer(-5))], at: time).appendJSON(
        to: &buffer)
      let bytes = buffer.withBytes { Array($0) }
      #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
      let object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
      #expect(object["detail"] as? String == hostile)
      #expect(object["count"] as? Int == -5)
      #expect(object["timestamp"] as? String == "2019-12-23T10:22:12.390Z")
      #expect(object["level"] as? String == "error")
      #expect(!actsOnATerminal(bytes.dropLast()))
    }
  }

  @Test func noValueMakesALineOrActsOnTheTerminal() {
    for hostile in Self.hostileTexts {
      var buffer = ByteBuffer()
      LogLine(.error, "m", [(.detail, .text(hostile)), (.count, .integer(-5))], at: time).appendText(
        to: &buffer)
      let bytes = buffer.withBytes { Array($0) }
      #expect(bytes.last == UInt8(ascii: "\n"))
      #expect(!actsOnATerminal(bytes.dropLast()))
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(text.hasPrefix("2019-12-23T10:22:12.390Z error m detail=\""))
      #expect(text.hasSuffix("\" count=-5\n"))
    }
  }

  @Test func aLongTextIsCutOnACharacter() {
    for unit in ["x", "é", "你", "😀"] {
      let line = LogLine(.info, "m", [(.detail, .text(String(repeating: unit, count: 2_000)))], at: time)
      guard case .text(let text) = line.fields[0].1 else { return #expect(Bool(false), "no text") }
      #expect(text.utf8.count <= LogValue.textByteLimit + 3)
      #expect(text.utf8.count > LogValue.textByteLimit - 4)
      #expect(text == String(repeating: unit, count: text.count - 1) + "…")
    }
    let fitting = String(repeating: "x", count: LogValue.textByteLimit)
    guard case .text(fitting) = LogLine(.info, "m", [(.detail, .text(fitting))], at: time).fields[0].1 else {
      return #expect(Bool(false), "a text that fits was changed")
    }
  }

  private func actsOnATerminal(_ bytes: some Sequence<UInt8>) -> Bool {
    String(decoding: Array(bytes), as: UTF8.self).unicodeScalars.contains { scalar in
      [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
  }
}
