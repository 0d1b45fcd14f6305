import Testing

@testable import BridgeCore

@Suite struct TokenBucketTests {
  /// requests per second → at most, and at least, started in ten seconds by somebody who always wants to
  @Test(arguments: [(1, 10), (2, 20), (10, 100), (100, 1_009), (1_000, 10_099), (100_000, 100_001)])
  func keepsTheRate(_ rate: Int, _ most: Int) {
    var bucket = TokenBucket(requestsPerSecond: rate)
    var startedCount = 0
    // Every 100 microseconds one at the most.
    for step in Int64(0)..<100_000 {
      let now = MonotonicTime(microseconds: 5_000_000 + step * 100)
      guard bucket.admits(at: now) else {
        #expect(bucket.admitsAt(now)! > now)
        continue
      }
      bucket.requestStarted(at: now)
      startedCount += 1
    }
    #expect(startedCount <= most)
    #expect(startedCount >= min(rate * 10, 100_000) - 1)
  }

  @Test func aPauseIsNotMadeUpFor() {
    var bucket = TokenBucket(requestsPerSecond: 100)
    bucket.requestStarted(at: MonotonicTime(microseconds: 0))
    let later = MonotonicTime(microseconds: 3_600_000_000)
    var startedCount = 0
    while bucket.admits(at: later) {
      bucket.requestStarted(at: later)
      startedCount += 1
    }
    #expect(startedCount == 10)
  }

  @Test func zeroIsNoLimit() {
    var bucket = TokenBucket(requestsPerSecond: 0)
    for _ in 0..<100_000 {
      #expect(bucket.admits(at: MonotonicTime(microseconds: 0)))
      bucket.requestStarted(at: MonotonicTime(microseconds: 0))
    }
  }
}
