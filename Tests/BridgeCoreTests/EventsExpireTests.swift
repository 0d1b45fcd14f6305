import Testing

@testable import BridgeCore

@Suite struct EventsExpireTests {
  private static func bench(age: TimeSpan) -> Bench {
    var settings = DeliverySettings()
    settings.maximumEventAge = age
    return Bench(settings: settings)
  }

  private static func wall(_ milliseconds: Int64) -> WallTime { WallTime(milliseconds: milliseconds) }

  /// timestamp, deadline, now (ms; the age limit is 10 s) → error
  @Test(
    arguments: [
      (0, nil, 9_999, nil), (0, nil, 10_000, .tooOld),
      (nil, nil, 99_999_999, nil),
      (0, 5_000, 4_999, nil), (0, 5_000, 5_000, .deadlinePassed),
      (0, 20_000, 10_000, .tooOld), (nil, 5_000, 5_000, .deadlinePassed),
    ] as [(Int64?, Int64?, Int64, OutcomeError?)])
  func theEarlierWins(_ timestamp: Int64?, _ deadline: Int64?, _ now: Int64, _ error: OutcomeError?) {
    let bench = Self.bench(age: .seconds(10))
    bench.now.wall = Self.wall(0)
    let ticket = bench.arrive(
      0, lane: 1, timestamp: timestamp.map(Self.wall), deadline: deadline.map(Self.wall))
    bench.commit([])
    bench.pass(.milliseconds(now))
    #expect(bench.send() == (error == nil ? ticket : nil))
    #expect(bench.resolve()?.resolution == error.map { Resolution(kind: .expired, error: $0) })
  }

  @Test func inItsTurnOfTheLane() {
    let bench = Self.bench(age: .seconds(10))
    let first = bench.arrive(0, lane: 1, timestamp: bench.now.wall)
    _ = bench.arrive(1, lane: 1, timestamp: bench.now.wall)
    bench.commit([])
    _ = bench.send()
    bench.pass(.seconds(60))
    #expect(bench.resolve() == nil)
    _ = bench.end(first, delivered)
    #expect(bench.resolve()?.resolution == .delivered, "an attempt that began in time may end late")
    #expect(bench.resolve()?.resolution == Resolution(kind: .expired, error: .tooOld))
  }

  @Test func whatMayHaveBeenSentEndsInDoubt() {
    let bench = Self.bench(age: .seconds(10))
    let ticket = bench.arrive(0, lane: 1, timestamp: bench.now.wall)
    bench.commit([])
    _ = bench.send()
    _ = bench.end(ticket, unanswered)
    bench.wait(.seconds(11))
    #expect(bench.send() == nil)
    #expect(bench.resolve()?.resolution == Resolution(kind: .inDoubt, error: .noAnswer))
  }

  @Test func whatAPredecessorMayHaveSentEndsInDoubt() throws {
    let log = RecoveryLog(token: WriterToken(process: 1, counter: 1), committedOffset: 5, ceiling: 6)
    var settings = DeliverySettings()
    settings.maximumEventAge = .seconds(10)
    let bench = Bench(
      recovered: RecoveredPartition(
        partition: 0, committedOffset: 5, metadata: try #require(RecoveryLogCodec.encode(log)), logStart: 0,
        logEnd: 8, startPosition: nil), settings: settings)
    bench.pass(.seconds(60))
    _ = bench.arrive(5, lane: 1, timestamp: Self.wall(0))
    #expect(bench.resolve()?.resolution == Resolution(kind: .inDoubt, error: .restartedAfterSend))
  }

  @Test func goesOnWhileTheLineStandsStill() {
    let bench = Self.bench(age: .seconds(10))
    let head = bench.arrive(0, lane: 1, timestamp: bench.now.wall)
    let other = bench.arrive(1, lane: 2, timestamp: bench.now.wall)
    bench.commit([])
    _ = bench.send()
    _ = bench.end(head, Verdict(.configurationFault, effect: .none))
    bench.engine.paused(at: bench.now)
    bench.wait(.seconds(9))
    #expect(bench.resolve() == nil)
    bench.wait(.seconds(2))
    var expired: Set<Ticket> = []
    while let outcome = bench.resolve() {
      #expect(outcome.resolution == Resolution(kind: .expired, error: .tooOld))
      expired.insert(outcome.ticket)
    }
    #expect(expired == [head, other])
  }

  @Test func notWhileTheClockIsOff() {
    let bench = Self.bench(age: .seconds(10))
    let ticket = bench.arrive(0, lane: 1, timestamp: Self.wall(0))
    bench.commit([])
    bench.pass(.seconds(60))
    // The gateway says that it is one minute and a bit earlier than we think.
    let gateway = (bench.now.wall.milliseconds - 62_000) / 1_000
    bench.engine.answerDated(gateway, from: bench.now.monotonic, to: bench.now.monotonic)
    #expect(bench.send() == ticket)
    _ = bench.end(ticket, notReached)
    bench.engine.answerDated(
      bench.now.wall.milliseconds / 1_000, from: bench.now.monotonic, to: bench.now.monotonic)
    bench.wait(.seconds(11))
    #expect(bench.send() == nil)
    #expect(bench.resolve()?.resolution.kind == .expired)
  }
}
