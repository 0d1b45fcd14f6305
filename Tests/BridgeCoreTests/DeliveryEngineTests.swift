import Testing

@testable import BridgeCore

@Suite struct DeliveryEngineTests {
  @Test func nothingIsSentBeforeTheCeilingIsDurable() {
    let bench = Bench()
    let ticket = bench.arrive(0, lane: 1)
    #expect(bench.send() == nil)
    #expect(bench.isBatchDue)
    bench.commit([])
    #expect(bench.send() == ticket)
  }

  @Test func aLaneSendsOneAfterTheOtherAndLanesDoNotWaitForEachOther() {
    let bench = Bench()
    let first = bench.arrive(0, lane: 1)
    let second = bench.arrive(1, lane: 1)
    let other = bench.arrive(2, lane: 2)
    bench.commit([])
    #expect(bench.send() == first)
    #expect(bench.send() == other)
    #expect(bench.send() == nil)
    #expect(bench.end(first, delivered) == .resolved)
    #expect(bench.send() == nil)
    #expect(bench.resolve()?.resolution == .delivered)
    #expect(bench.send() == second)
  }

  @Test func anInvalidRecordWaitsForItsTurn() {
    let bench = Bench()
    let first = bench.arrive(0, lane: 1)
    let invalid = bench.arrive(1, lane: 1, isValid: false)
    bench.commit([])
    #expect(bench.resolve() == nil)
    _ = bench.send()
    _ = bench.end(first, delivered)
    #expect(bench.resolve()?.ticket == first)
    let outcome = bench.resolve()
    #expect(outcome?.ticket == invalid)
    #expect(outcome?.resolution == Resolution(kind: .invalid, error: .invalidEvent))
    #expect(outcome?.course.attemptCount == 0)
  }

  @Test func theInFlightLimitHolds() {
    var settings = DeliverySettings()
    settings.inFlightLimit = 2
    let bench = Bench(settings: settings)
    for offset in 0..<RecordOffset(5) { _ = bench.arrive(offset, lane: UInt64(offset)) }
    bench.commit([])
    #expect(bench.send() != nil)
    #expect(bench.send() != nil)
    #expect(bench.send() == nil)
  }

  /// attempt by attempt → outcome, attempts, possible duplicate
  @Test(
    arguments: [
      ([delivered], OutcomeKind.delivered, nil, 1, false),
      ([notReached, delivered], .delivered, nil, 2, false),
      ([unanswered, delivered], .delivered, nil, 2, true),
      ([unanswered, Verdict(.refused, effect: .none)], .inDoubt, .noAnswer, 2, false),
      ([Verdict(.refused, effect: .none)], .rejected, .refusedByGateway, 1, false),
      ([Verdict(.refused, effect: .none, refuser: .backend)], .rejected, .refusedByBackend, 1, false),
      ([Verdict(.unknown, effect: .unknown)], .inDoubt, .unknownAnswer, 1, false),
      ([Verdict(.notTemporary, effect: .unknown)], .inDoubt, .unknownAnswer, 1, false),
      (Array(repeating: notReached, count: 6), .failed, .retriesExhausted, 6, false),
      (Array(repeating: notReached, count: 5) + [unanswered], .inDoubt, .noAnswer, 6, false),
      (Array(repeating: unanswered, count: 6), .inDoubt, .noAnswer, 6, true),
    ] as [([Verdict], OutcomeKind, OutcomeError?, Int, Bool)])
  func attemptsDecideTheOutcome(
    _ attempts: [Verdict], _ kind: OutcomeKind, _ error: OutcomeError?, _ count: Int, _ flagged: Bool
  ) throws {
    var settings = DeliverySettings()
    settings.breaker.failuresInARow = 100
    let bench = Bench(settings: settings)
    let ticket = bench.arrive(0, lane: 1)
    bench.commit([])
    for (number, verdict) in attempts.enumerated() {
      #expect(bench.send() == ticket)
      let isLast = number == attempts.count - 1
      #expect(bench.end(ticket, verdict) == (isLast ? .resolved : .again))
      if !isLast {
        #expect(bench.send() == nil, "it backs off")
        bench.pass(.seconds(10))
        bench.engine.timersFired(at: bench.now)
      }
    }
    let outcome = bench.resolve()
    #expect(outcome?.resolution == Resolution(kind: kind, error: error))
    #expect(outcome?.course.attemptCount == count)
    #expect(outcome?.course.possibleDuplicate == flagged)
  }

  @Test func retriesEndWithTheirTime() {
    var settings = DeliverySettings()
    settings.retry.timeLimit = .seconds(15)
    settings.retry.attemptLimit = 100
    let bench = Bench(settings: settings)
    let ticket = bench.arrive(0, lane: 1)
    bench.commit([])
    _ = bench.send()
    #expect(bench.end(ticket, notReached) == .again)
    bench.pass(.seconds(14))
    bench.engine.timersFired(at: bench.now)
    _ = bench.send()
    #expect(bench.end(ticket, notReached) == .again)
    bench.pass(.seconds(10))
    bench.engine.timersFired(at: bench.now)
    _ = bench.send()
    #expect(bench.end(ticket, notReached) == .resolved)
    #expect(bench.resolve()?.resolution.error == .retriesExhausted)
  }

  @Test func aRecordThatAPredecessorMayHaveSentIsFlagged() throws {
    let log = RecoveryLog(token: WriterToken(process: 1, counter: 1), committedOffset: 5, ceiling: 7)
    let metadata = try #require(RecoveryLogCodec.encode(log))
    let bench = Bench(
      recovered: RecoveredPartition(
        partition: 0, committedOffset: 5, metadata: metadata, logStart: 0, logEnd: 8, startPosition: nil))
    let inherited = bench.arrive(5, lane: 1)
    _ = bench.arrive(6, lane: 2, isValid: false)
    let new = bench.arrive(7, lane: 3)
    bench.commit([])
    for _ in 0..<2 { _ = bench.end(bench.send()!, delivered) }
    var courses: [Int32: DeliveryCourse] = [:]
    while let outcome = bench.resolve() { courses[outcome.ticket.index] = outcome.course }
    #expect(courses[inherited.index]?.possibleDuplicate == true)
    #expect(courses[inherited.index]?.attemptCount == 2)
    #expect(courses[1]?.attemptCount == 0, "what does not validate was never sent")
    #expect(courses[1]?.isInherited == false)
    #expect(courses[new.index]?.possibleDuplicate == false)
  }

  @Test func anUnsentRequestIsNotAnAttempt() {
    let bench = Bench()
    let ticket = bench.arrive(0, lane: 1)
    bench.commit([])
    _ = bench.send()
    let decision = bench.engine.attemptEnded(
      ticket, Verdict(.temporary, effect: .none), duration: nil, at: bench.now)
    #expect(decision == .again)
    bench.pass(.seconds(1))
    bench.engine.timersFired(at: bench.now)
    _ = bench.send()
    _ = bench.end(ticket, delivered)
    let course = bench.resolve()?.course
    #expect(course?.attemptCount == 1)
    #expect(course?.firstSentAt == WallTime(milliseconds: 2_000))
  }

  @Test func aBatchStartsWhenTheOldestOutcomeHasWaited() {
    let bench = Bench()
    let ticket = bench.arrive(0, lane: 1)
    bench.commit([])
    _ = bench.send()
    _ = bench.end(ticket, delivered)
    let outcome = bench.resolve()!
    #expect(!bench.isBatchDue)
    bench.pass(.milliseconds(50))
    #expect(bench.isBatchDue)
    bench.commit([outcome.entry], .notCommitted)
    #expect(!bench.isBatchDue, "not at once again")
    bench.pass(.milliseconds(200))
    #expect(bench.isBatchDue)
    bench.commit([outcome.entry])
    #expect(!bench.isBatchDue)
    #expect(bench.view.committedOffset == 1)
  }

  @Test func aWindowFullOfOneSlowLaneStopsIntakeOnly() {
    let bench = Bench()
    for offset in 0..<RecordOffset(RecoveryLogLimits.standard.unresolvedPerPartition) {
      _ = bench.arrive(offset, lane: 1)
    }
    #expect(bench.room == 0)
    bench.commit([])
    _ = bench.end(bench.send()!, delivered)
    let outcome = bench.resolve()!
    #expect(bench.room == 0, "its outcome is not durable")
    bench.commit([outcome.entry])
    #expect(bench.room == 1)
  }

  @Test(arguments: [
    (
      RecoveredPartition(
        partition: 0, committedOffset: 5, metadata: [], logStart: 0, logEnd: 9, startPosition: 0),
      UndecidedReason.foreignOffset
    ),
    (
      RecoveredPartition(
        partition: 0, committedOffset: 5, metadata: Array("AAAA".utf8), logStart: 0, logEnd: 9,
        startPosition: 0),
      .damagedRecoveryLog
    ),
    (
      RecoveredPartition(
        partition: 0, committedOffset: 5,
        metadata: RecoveryLogCodec.encode(
          RecoveryLog(token: WriterToken(process: 1, counter: 1), committedOffset: 5, ceiling: 5))!,
        logStart: 0, logEnd: 4, startPosition: 0),
      .beyondEndOfLog
    ),
    (
      RecoveredPartition(
        partition: 0, committedOffset: nil, metadata: [], logStart: 0, logEnd: 4, startPosition: nil),
      .noStartPosition
    ),
  ])
  func whatIsCommittedByOthersIsNotTouched(_ recovered: RecoveredPartition, _ reason: UndecidedReason) {
    let bench = Bench(recovered: recovered)
    #expect(bench.view.undecided == reason)
    #expect(bench.room == 0)
    #expect(!bench.isBatchDue)
  }
}
