import BridgeCore
import Foundation
import Testing

@Suite struct ByteBufferTimeTests {
  static let times: [(Int64, String)] = [
    (0, "1970-01-01T00:00:00.000Z"),
    (1_577_096_532_460, "2019-12-23T10:22:12.460Z"),
    (951_827_696_007, "2000-02-29T12:34:56.007Z"),
    (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (.max, "9999-12-31T23:59:59.999Z"),
    (-1, "1970-01-01T00:00:00.000Z"),
    (.min, "1970-01-01T00:00:00.000Z"),
  ]

  @Test(arguments: times) func timesAreRFC3339(milliseconds: Int64, expected: String) {
    #expect(rfc3339(milliseconds) == expected)
  }

  @Test func everyDayIsTheOneFoundationNames() {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt)
    // Steps of one day and a bit over more than one cycle of 400 years.
    for step in 0..<150_000 as Range<Int64> {
      let milliseconds = step * 86_461_001
      let expected = Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(style)
      let written = rfc3339(milliseconds)
      // To the second: a Double of seconds does not hold every millisecond.
      if written.prefix(19) != expected.prefix(19) {
        Issue.record("\(milliseconds): \(written) instead of \(expected)")
      }
    }
  }

  private func rfc3339(_ milliseconds: Int64) -> String {
    var buffer = ByteBuffer(capacity: 1)
    buffer.appendTime(WallTime(milliseconds: milliseconds))
    return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
