import Testing

@testable import BridgeCore

@Suite struct HistogramTests {
  /// The buckets are written as comparisons; the bounds are the table that readers see.
  @Test func everyBoundBelongsToItsBucket() {
    for (index, bound) in TimeHistogram.bounds.enumerated() {
      for (microseconds, bucket) in [(bound, index), (bound + 1, index + 1)] {
        var histogram = TimeHistogram()
        histogram.record(TimeSpan(microseconds: microseconds))
        #expect(histogram.counts[bucket] == 1, "\(microseconds)")
        #expect(histogram.sum == TimeSpan(microseconds: microseconds))
      }
    }
    #expect(TimeHistogram().counts.count == TimeHistogram.bounds.count + 1)
  }

  @Test func aClockThatWasSetBackIsNoTime() {
    var histogram = TimeHistogram()
    histogram.record(.seconds(-5))
    #expect(histogram.counts[0] == 1)
    #expect(histogram.sum == .zero)
  }

  @Test func recordingCostsAFewNanoseconds() {
    var random = SplitMix64(seed: 1)
    let spans = (0..<4_096).map { _ in TimeSpan(microseconds: Int64(random.next(upTo: 2_000_000))) }
    var histogram = TimeHistogram()
    let rounds = 250
    let time = ContinuousClock().measure {
      for _ in 0..<rounds { for span in spans { histogram.record(span) } }
    }
    #expect(histogram.count == rounds * spans.count)
    let nanoseconds = Double(time.components.attoseconds) / 1e9 / Double(rounds * spans.count)
    print("TimeHistogram.record: \(nanoseconds) ns")
    // A machine that is shared: far above what it takes, far below what an allocation would.
    #expect(nanoseconds < 60)
  }
}
