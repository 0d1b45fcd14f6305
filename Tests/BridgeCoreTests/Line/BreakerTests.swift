import Testing

@testable import BridgeCore

@Suite struct BreakerTests {
  static func time(_ milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(microseconds: milliseconds * 1_000)
  }

  struct Step: Sendable {
    var at: Int64
    var result: Breaker.Result
    var count = 1
    var isProbe = false
  }

  /// results → when a probe goes out; nil: closed
  @Test(
    arguments: [
      // Five in a row, however old.
      ([Step(at: 0, result: .failure, count: 4)], nil),
      ([Step(at: 0, result: .failure, count: 5)], 1_000),
      ([Step(at: 0, result: .failure, count: 4), Step(at: 3_600_000, result: .failure)], 3_601_000),
      (
        [
          Step(at: 0, result: .failure, count: 4), Step(at: 1, result: .success),
          Step(at: 2, result: .failure, count: 4),
        ], nil
      ),
      // A refusal for our own fault, or a quota, is no success.
      (
        [
          Step(at: 0, result: .failure, count: 4), Step(at: 1, result: .neutral),
          Step(at: 2, result: .failure),
        ], 1_002
      ),
      // The share counts from 20 results on.
      (alternating(19, from: 0), nil),
      (alternating(20, from: 0), 1_019),
      (alternating(18, from: 0) + [Step(at: 100, result: .success, count: 3)], nil),
      // What is older than the window does not count.
      (alternating(10, from: 0) + alternating(19, from: 11_000), nil),
      // Probes double the wait, up to the cap.
      (opened + [Step(at: 1_000, result: .failure, isProbe: true)], 3_000),
      (
        opened + [
          Step(at: 1_000, result: .failure, isProbe: true), Step(at: 3_000, result: .failure, isProbe: true),
        ], 7_000
      ),
      (opened + (1...9).map { Step(at: $0 * 100_000, result: .failure, isProbe: true) }, 930_000),
      // What started before it opened changes nothing.
      (opened + [Step(at: 10, result: .failure, count: 50)], 1_000),
      (opened + [Step(at: 10, result: .success)], 1_000),
      // Any answer to a probe shows that the gateway is there.
      (opened + [Step(at: 1_000, result: .success, isProbe: true)], nil),
      (opened + [Step(at: 1_000, result: .neutral, isProbe: true)], nil),
      // It begins anew.
      (
        opened + [
          Step(at: 1_000, result: .success, isProbe: true), Step(at: 1_001, result: .failure, count: 4),
        ], nil
      ),
    ] as [([Step], Int64?)])
  func opensAndCloses(_ steps: [Step], _ probeAt: Int64?) {
    var breaker = Breaker(BreakerSettings())
    for step in steps {
      for _ in 0..<step.count {
        breaker.ended(step.result, isProbe: step.isProbe, at: Self.time(step.at))
      }
    }
    #expect(breaker.state == (probeAt.map { .open(until: Self.time($0)) } ?? .closed))
    if let probeAt {
      #expect(breaker.admission(at: Self.time(probeAt - 1)) == .none)
      #expect(breaker.admission(at: Self.time(probeAt)) == .probe)
    }
  }

  private static let opened = [Step(at: 0, result: .failure, count: 5)]

  /// Failure, success, failure …, one a millisecond.
  private static func alternating(_ count: Int, from: Int64) -> [Step] {
    (0..<count).map { Step(at: from + Int64($0), result: $0 % 2 == 0 ? .failure : .success) }
  }

  @Test func theGatewaysOwnWishForAWaitIsHeard() {
    var breaker = Breaker(BreakerSettings())
    for _ in 0..<5 { breaker.ended(.failure, isProbe: false, askedWait: .seconds(20), at: Self.time(0)) }
    #expect(breaker.state == .open(until: Self.time(20_000)))
    breaker.ended(.failure, isProbe: true, askedWait: .seconds(500), at: Self.time(20_000))
    #expect(breaker.state == .open(until: Self.time(50_000)), "no longer than the cap")
  }

  @Test func afterItHasClosedTheFullRateComesBackStepByStep() {
    var breaker = Breaker(BreakerSettings())
    let before = breaker.requestLimit(4_096, at: Self.time(0))
    #expect(before == 4_096)
    for _ in 0..<5 { breaker.ended(.failure, isProbe: false, at: Self.time(0)) }
    breaker.ended(.success, isProbe: true, at: Self.time(1_000))
    var limits: [Int] = []
    for second in 1...11 { limits.append(breaker.requestLimit(4_096, at: Self.time(Int64(second) * 1_000))) }
    #expect(limits == [8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 4_096])
  }

  /// Against a list of every result.
  @Test func countsLikeAListOfAllResults() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<200 {
      var settings = BreakerSettings()
      settings.failuresInARow = .max
      settings.resultMinimum = 1 + Int(random.next(upTo: 30))
      settings.failureShare = 1 + Int(random.next(upTo: 999))
      var breaker = Breaker(settings)
      var results: [(portion: Int64, isFailure: Bool)] = []
      var now: Int64 = 0
      while !breaker.isOpen, results.count < 500 {
        now += Int64(random.next(upTo: 1_500))
        let isFailure = random.next(upTo: 2) == 0
        breaker.ended(isFailure ? .failure : .success, isProbe: false, at: Self.time(now))
        results.append((now / 1_000, isFailure))
        let counted = results.filter { $0.portion > now / 1_000 - 10 }
        let failures = counted.count { $0.isFailure }
        let opens =
          counted.count >= settings.resultMinimum && failures > 0
          && failures * 1_000 >= counted.count * settings.failureShare
        #expect(breaker.isOpen == opens, "seed \(seed)")
      }
    }
  }
}
