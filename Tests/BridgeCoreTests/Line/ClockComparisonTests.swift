import Testing

@testable import BridgeCore

@Suite struct ClockComparisonTests {
  /// our clock at the middle of the exchange and how long it took, the answer's date → how much we are ahead, ms
  @Test(
    arguments: [
      // A date of whole seconds stands for all of its second.
      (1_000_000, 20, 1_000, 0), (1_000_999, 20, 1_000, 0), (1_000_500, 0, 1_000, 0),
      (1_002_000, 20, 1_000, 1_500), (999_000, 20, 1_000, -1_500),
      (1_700_000, 20, 1_000, 699_500), (100_000, 20, 1_000, -900_500),
      // A slow answer's date says less.
      (1_004_000, 8_000, 1_000, 0), (1_006_000, 8_000, 1_000, 5_500),
    ] as [(Int64, Int64, Int64, Int64)])
  func skew(_ middle: Int64, _ trip: Int64, _ date: Int64, _ ahead: Int64) {
    var comparison = ClockComparison()
    let start = MonotonicTime(microseconds: 50_000_000)
    let end = start + .milliseconds(trip)
    let now = Moment(monotonic: end, wall: WallTime(milliseconds: middle + trip / 2))
    #expect(comparison.skew(at: now) == nil)
    #expect(comparison.isTrusted(at: now))
    comparison.answered(date: date, from: start, to: end)
    #expect(comparison.skew(at: now) == .milliseconds(ahead))
    #expect(comparison.isTrusted(at: now) == (ahead.magnitude <= 60_000))
  }

  @Test func aClockThatIsSetRightIsRightAtOnce() {
    var comparison = ClockComparison()
    let time = MonotonicTime(microseconds: 0)
    comparison.answered(date: 1_000, from: time, to: time)
    let wrong = Moment(monotonic: time, wall: WallTime(milliseconds: 2_000_000))
    #expect(!comparison.isTrusted(at: wrong))
    let right = Moment(monotonic: time + .seconds(100), wall: WallTime(milliseconds: 1_100_000))
    #expect(comparison.isTrusted(at: right))
  }
}
