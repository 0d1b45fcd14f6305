import BridgeCore
import Testing

@testable import ResultTopic

@Suite struct TerminalIsSafeTests {
  private func line(_ json: String) -> String {
    var line = ByteBuffer(capacity: 64)
    var text = json
    text.withUTF8 { TerminalText.appendJSONLine(UnsafeRawBufferPointer($0), to: &line) }
    return line.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("hello", "hello"), ("你好 “quoted” … 😀", "你好 “quoted” … 😀"),
    ("\u{1b}[31mred\u{7}", "\u{FFFD}[31mred\u{FFFD}"), ("a\nb\rc\td", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d"),
    ("\u{9b}2J\u{7f}", "\u{FFFD}2J\u{FFFD}"), ("abc\u{202e}cba\u{2066}", "abc\u{FFFD}cba\u{FFFD}"),
    ("\u{2028}\u{61c}", "\u{FFFD}\u{FFFD}"), ("", ""),
  ])
  func textsOfOthers(_ text: String, _ safe: String) {
    #expect(TerminalText.safe(text) == safe)
  }

  @Test(arguments: [
    (#"{"a":"b"}"#, #"{"a":"b"}"#), ("{\n \"a\":\r\n\t1}", "{  \"a\":   1}"),
    ("{\"a\":\"\u{9b}2J\"}", #"{"a":"\u009b2J"}"#),
    ("{\"a\":\"x\u{7f}\u{202e}y\"}", #"{"a":"x\u007f\u202ey"}"#),
    ("{\"a\":\"é 你 “ … \u{85}\"}", "{\"a\":\"é 你 “ … \\u0085\"}"),
    (#"{"a":"\u001b[31m"}"#, #"{"a":"\u001b[31m"}"#),
  ])
  func jsonStaysTheSameJSON(_ json: String, _ expected: String) {
    #expect(line(json) == expected + "\n")
  }

  @Test func aTornCharacterAtTheEnd() {
    var line = ByteBuffer(capacity: 64)
    let bytes: [UInt8] = [0x22, 0xE2, 0x80]
    bytes.withUnsafeBytes { TerminalText.appendJSONLine($0, to: &line) }
    #expect(line.withBytes { Array($0) } == bytes + [UInt8(ascii: "\n")])
  }
}
