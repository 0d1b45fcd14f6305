import Testing

@testable import BridgeCore

/// The gateway is away, wants peace, or is told to get none.
@Suite struct GatewayFailsTests {
  private static func bench(_ lanes: Int, _ settings: DeliverySettings = DeliverySettings()) -> (
    Bench, [Ticket]
  ) {
    let bench = Bench(settings: settings)
    let tickets = (0..<lanes).map { bench.arrive(RecordOffset($0), lane: UInt64($0)) }
    bench.commit([])
    return (bench, tickets)
  }

  /// Everything is sent that may be, and fails, for so long.
  private static func fail(_ bench: Bench, for span: TimeSpan, with verdict: Verdict) -> [Ticket] {
    let end = bench.now.monotonic + span
    var sent: [Ticket] = []
    while bench.now.monotonic < end {
      while let ticket = bench.send() {
        sent.append(ticket)
        #expect(bench.end(ticket, verdict) == .again)
      }
      bench.wait(.milliseconds(50))
    }
    return sent
  }

  @Test func whileTheBreakerIsOpenNothingIsFailed() {
    let (bench, tickets) = Self.bench(3)
    let sent = Self.fail(bench, for: .seconds(600), with: notReached)
    #expect(bench.resolve() == nil)
    #expect(sent.count < 40, "probes alone: \(sent.count)")
    // The probes take one lane after the other.
    let probes = sent.suffix(9)
    for ticket in tickets { #expect(probes.count { $0 == ticket } == 3) }
    bench.wait(.seconds(30))
    _ = bench.end(bench.send()!, delivered)
    #expect(!bench.engine.gate.standing.isBreakerOpen)
    while let ticket = bench.send() { _ = bench.end(ticket, delivered) }
    var count = 0
    while let outcome = bench.resolve() {
      count += 1
      #expect(outcome.resolution == .delivered)
      #expect(outcome.course.waitedForBreaker > .seconds(400))
      #expect(outcome.course.attemptCount > 6, "probes stand in the outcome")
    }
    #expect(count == 3)
  }

  @Test func connectsThatFailOpenItWithoutAttempts() {
    let (bench, tickets) = Self.bench(1)
    for _ in 0..<4 { bench.engine.connectFailed(at: bench.now) }
    #expect(!bench.engine.gate.standing.isBreakerOpen)
    bench.engine.connectFailed(at: bench.now)
    #expect(bench.engine.gate.standing.isBreakerOpen)
    #expect(bench.wantedRequestCount == 0)
    #expect(bench.send() == nil)
    bench.wait(.seconds(1))
    #expect(bench.wantedRequestCount == 1)
    bench.engine.connectFailed(at: bench.now)
    #expect(bench.send() == nil)
    bench.wait(.seconds(2))
    #expect(bench.send() == tickets[0])
    _ = bench.end(tickets[0], delivered)
    #expect(bench.resolve()?.course.attemptCount == 1)
  }

  @Test func underReportAProbeOfUnknownEffectEndsItsEvent() throws {
    let bench = try UnderReportTests.bench()
    let tickets = (0..<10).map { bench.arrive(RecordOffset($0), lane: UInt64($0)) }
    bench.commit([])
    for _ in 0..<5 { #expect(bench.end(bench.send()!, unanswered) == .resolved) }
    #expect(bench.engine.gate.standing.isBreakerOpen)
    bench.wait(.seconds(1))
    bench.engine.membershipProven(at: bench.now.monotonic)
    let probe = try #require(bench.send())
    #expect(tickets.contains(probe))
    #expect(bench.end(probe, unanswered) == .resolved)
    #expect(bench.send() == nil)
    var count = 0
    while let outcome = bench.resolve() {
      count += 1
      #expect(outcome.resolution == Resolution(kind: .inDoubt, error: .noAnswer))
    }
    #expect(count == 6, "what was in flight, and the probe")
  }

  @Test func timeInWhichTheLineStoodStillIsNoRetryTime() {
    var settings = DeliverySettings()
    settings.retry.timeLimit = .seconds(15)
    settings.retry.attemptLimit = 100
    let (bench, tickets) = Self.bench(1, settings)
    _ = bench.send()
    _ = bench.end(tickets[0], notReached)
    bench.engine.paused(at: bench.now)
    bench.wait(.seconds(3_600))
    #expect(bench.send() == nil)
    bench.engine.resumed(at: bench.now)
    #expect(bench.send() == tickets[0])
    #expect(bench.end(tickets[0], notReached) == .again)
    bench.wait(.seconds(10))
    _ = bench.send()
    #expect(bench.end(tickets[0], notReached) == .again)
    bench.wait(.seconds(10))
    _ = bench.send()
    #expect(bench.end(tickets[0], notReached) == .resolved)
    let outcome = bench.resolve()!
    #expect(outcome.resolution == Resolution(kind: .failed, error: .retriesExhausted))
    #expect(outcome.course.waitedForHalt == .seconds(3_600))
    #expect(outcome.course.waitedForRetry == .seconds(20))
  }

  @Test func aBanCostsNoAttemptAndStopsEverything() {
    let (bench, tickets) = Self.bench(4)
    let started = [bench.send()!, bench.send()!]
    _ = bench.end(started[0], Verdict(.flowControl, effect: .none, banSeconds: 5))
    #expect(bench.send() == nil)
    _ = bench.end(started[1], delivered)
    #expect(bench.send() == nil, "that one had started before")
    bench.wait(.milliseconds(4_990))
    #expect(bench.send() == nil)
    bench.wait(.milliseconds(1_010))
    #expect(bench.send() != nil)
    #expect(bench.send() == nil, "one shows whether it still stands")
    _ = bench.end(tickets[2], delivered)
    #expect(bench.send() == tickets[3])
    #expect(bench.send() == tickets[0])
    _ = bench.end(tickets[0], delivered)
    var courses: [Ticket: DeliveryCourse] = [:]
    while let outcome = bench.resolve() { courses[outcome.ticket] = outcome.course }
    #expect(courses[tickets[0]]!.waitedForBan >= .seconds(5))
    #expect(courses[tickets[0]]!.attemptCount == 2)
  }

  /// What shows that a ban is over is an attempt like any other: a backend that fails then is no fault of the line.
  @Test func theProbeOfABanIsAnAttemptThatCounts() {
    var settings = DeliverySettings()
    settings.retry.attemptLimit = 3
    settings.probesAtStart = true
    let (bench, tickets) = Self.bench(1, settings)
    for attempt in 1...2 {
      #expect(bench.send() == tickets[0])
      #expect(bench.end(tickets[0], notReached) == .again, "attempt \(attempt), the first one after a start")
      bench.wait(.seconds(10))
    }
    _ = bench.send()
    #expect(bench.end(tickets[0], Verdict(.flowControl, effect: .none, banSeconds: 5)) == .again)
    bench.wait(.seconds(6))
    #expect(bench.send() == tickets[0])
    #expect(bench.end(tickets[0], notReached) == .resolved)
    #expect(bench.resolve()?.resolution == Resolution(kind: .failed, error: .retriesExhausted))
  }

  @Test func theWaitThatTheGatewayAsksForIsKept() {
    var settings = DeliverySettings()
    settings.retry.cap = .milliseconds(300)
    let (bench, tickets) = Self.bench(1, settings)
    _ = bench.send()
    _ = bench.end(tickets[0], Verdict(.temporary, effect: .unknown, retryAfterSeconds: 7))
    bench.wait(.milliseconds(6_900))
    #expect(bench.send() == nil)
    bench.wait(.milliseconds(200))
    #expect(bench.send() == tickets[0])
    _ = bench.end(tickets[0], Verdict(.temporary, effect: .unknown, retryAfterSeconds: 100_000))
    bench.wait(.milliseconds(60_100))
    #expect(bench.send() == tickets[0], "no longer than a minute")
  }

  @Test func aLaneThatBacksOffHoldsNobodyUp() {
    let (bench, tickets) = Self.bench(2)
    _ = bench.send()
    _ = bench.end(tickets[0], notReached)
    #expect(bench.send() == tickets[1])
  }

  @Test func aPauseStopsStartsAloneAndTheBrakeIsReleasedByHand() {
    var settings = DeliverySettings()
    settings.brake.isOn = true
    settings.brake.window = 4
    let (bench, tickets) = Self.bench(6, settings)
    let first = bench.send()!
    bench.engine.paused(at: bench.now)
    #expect(bench.send() == nil)
    _ = bench.end(first, Verdict(.refused, effect: .none))
    #expect(bench.resolve()?.resolution.kind == .rejected)
    bench.engine.resumed(at: bench.now)
    for _ in 0..<3 {
      _ = bench.end(bench.send()!, Verdict(.refused, effect: .none))
      _ = bench.resolve()
    }
    #expect(bench.engine.gate.standing.isBraked)
    bench.wait(.seconds(3_600))
    #expect(bench.send() == nil)
    bench.engine.resumed(at: bench.now)
    #expect(bench.send() == tickets[4])
  }

  @Test func afterAStartOneRequestComesFirst() {
    var settings = DeliverySettings()
    settings.probesAtStart = true
    let (bench, tickets) = Self.bench(3, settings)
    #expect(bench.send() == tickets[0])
    #expect(bench.send() == nil)
    _ = bench.end(tickets[0], unanswered)
    #expect(bench.send() == tickets[1])
    #expect(bench.send() == tickets[2])
  }
}
