import Foundation
import Testing

@testable import BridgeConfiguration

@Suite struct UnitAndTimeTests {
  @Test(arguments: [
    ("500ms", 500), ("15s", 15_000), ("2m", 120_000), ("1h", 3_600_000), ("0ms", 0), ("007s", 7_000),
    ("9223372036854775807ms", Int64.max),
  ])
  func durations(_ text: String, _ milliseconds: Int64) throws {
    #expect(try DurationText.milliseconds(text) == milliseconds)
  }

  @Test(arguments: [
    "", "s", "15", "15 s", " 15s", "15S", "-1s", "1.5s", "1d", "1s2", "١s", "9223372036854775808ms",
    "9223372036854775s1",
  ])
  func durationsThatAreNone(_ text: String) {
    #expect(throws: ValueFault.self) { try DurationText.milliseconds(text) }
  }

  @Test(arguments: [
    ("0B", 0), ("1B", 1), ("64KiB", 65_536), ("1MiB", 1_048_576), ("3GiB", 3_221_225_472),
  ])
  func sizes(_ text: String, _ bytes: Int64) throws {
    #expect(try SizeText.bytes(text) == bytes)
  }

  @Test(arguments: ["1", "1K", "1KB", "1kib", "1 MiB", "1.5MiB", "MiB", "9223372036854775807KiB"])
  func sizesThatAreNone(_ text: String) {
    #expect(throws: ValueFault.self) { try SizeText.bytes(text) }
  }

  @Test(arguments: [
    (0, "0ms"), (1, "1ms"), (1_000, "1s"), (1_500, "1500ms"), (60_000, "1m"), (90_000, "90s"),
    (7_200_000, "2h"),
  ])
  func durationsAreWrittenInTheirLargestWholeUnit(_ milliseconds: Int64, _ text: String) throws {
    #expect(DurationText.text(milliseconds) == text)
    #expect(try DurationText.milliseconds(text) == milliseconds)
  }

  /// Foundation changes to the Julian calendar before 1582, so from there on.
  @Test(arguments: [20_250_131])
  func timesAgreeWithFoundation(_ seed: UInt64) {
    var state = seed
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    for _ in 0..<2_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let milliseconds = Int64(state >> 11) % 253_000_000_000_000 - 12_000_000_000_000
      let text = Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(style)
      let expected = (try? style.parse(text)).map { Int64(($0.timeIntervalSince1970 * 1_000).rounded()) }
      #expect(TimeText.epochMilliseconds(text) == expected, "\(text)")
    }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31t23:30:00-00:30", 0),
    ("2024-02-29T23:59:59.9999z", 1_709_251_199_999), ("2000-03-01T00:00:00.5Z", 951_868_800_500),
  ])
  func times(_ text: String, _ milliseconds: Int64) {
    #expect(TimeText.epochMilliseconds(text) == milliseconds)
  }

  @Test(arguments: [
    "", "2025", "2025-01-31", "2025-01-31T08:00:00", "2025-1-31T08:00:00Z", "2025-13-01T00:00:00Z",
    "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-01-31T24:00:00Z", "2025-01-31T08:60:00Z",
    "2025-01-31T08:00:00.Z", "2025-01-31T08:00:00+0800", "2025-01-31T08:00:00Zx", "2025-01-31 08:00:00Z",
  ])
  func timesThatAreNone(_ text: String) {
    #expect(TimeText.epochMilliseconds(text) == nil)
  }

  @Test(arguments: [
    ("", "", 0), ("abc", "abc", 0), ("ABC", "abc", 0), ("abc", "", 3), ("abc", "acb", 1),
    ("kitten", "sitting", 3),
    ("concurency", "concurrency", 1),
  ])
  func editDistances(_ first: String, _ second: String, _ distance: Int) {
    #expect(Suggestion.editDistance(first, second) == distance)
    #expect(Suggestion.editDistance(second, first) == distance)
  }
}
