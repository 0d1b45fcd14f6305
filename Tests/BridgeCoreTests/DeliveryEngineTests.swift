import Testing

@testable import BridgeCore

/// An engine with one active partition and a clock in its hands.
private final class Bench {
  var engine: DeliveryEngine
  var now = Moment(monotonic: MonotonicTime(microseconds: 1_000_000), wall: WallTime(milliseconds: 1_000))
  var nextSlot: Int32 = 0

  init(recovered: RecoveredPartition, settings: DeliverySettings = DeliverySettings()) {
    var settings = settings
    settings.firstPartitionCount = 1
    engine = DeliveryEngine(settings: settings, seed: 1, processToken: 9)
    engine.partitionsAssigned([0], epoch: Epoch(1))
    _ = engine.partitionRecovered(recovered, epoch: Epoch(1))
  }

  convenience init(settings: DeliverySettings = DeliverySettings()) {
    self.init(
      recovered: RecoveredPartition(
        partition: 0, committedOffset: nil, metadata: [], logStart: 0, logEnd: 0, startPosition: 0),
      settings: settings)
    commit([])
  }

  var isBatchDue: Bool { engine.batchDue(at: now.monotonic) }
  var room: Int { engine.room(in: 0) }
  var view: DeliveryEngine.PartitionView { engine.view(of: 0) }

  func pass(_ span: TimeSpan) {
    now.monotonic = now.monotonic + span
    now.wall.milliseconds += span.milliseconds
  }

  func arrive(_ offset: RecordOffset, lane: UInt64, isValid: Bool = true) -> Ticket {
    let ticket = engine.recordArrived(offset, in: 0, index: nextSlot, at: now)!
    nextSlot += 1
    engine.recordDecoded(ticket, lane: LaneKey(hash: lane), isValid: isValid, byteCount: 100, at: now)
    return ticket
  }

  /// Makes a batch of what waits and lets it be committed.
  func commit(_ outcomes: [OutcomeEntry], _ result: CommitResult = .committed) {
    let (_, commits) = engine.batchStarted(outcomes, leftBehind: 0, at: now.monotonic)
    guard !commits.isEmpty else { return }
    engine.batchAnswered()
    for commit in commits {
      _ = engine.partitionAnswered(commit, result, returned: outcomes.count, at: now.monotonic)
    }
  }

  /// Sends the next record.
  func send() -> Ticket? {
    guard let ticket = engine.nextDispatch(at: now) else { return nil }
    engine.attemptStarted(ticket, at: now)
    return ticket
  }

  func end(_ ticket: Ticket, _ verdict: Verdict) -> DeliveryEngine.AttemptDecision {
    pass(.milliseconds(5))
    return engine.attemptEnded(ticket, verdict, duration: .milliseconds(5), at: now)
  }

  /// The outcome of the next decided record.
  func resolve() -> (ticket: Ticket, resolution: Resolution, course: DeliveryCourse, entry: OutcomeEntry)? {
    guard let (ticket, resolution) = engine.nextResolution(at: now) else { return nil }
    let course = engine.course(of: ticket)
    var entry = OutcomeEntry(
      partition: 0, epoch: Epoch(1), offset: engine.coordinates(of: ticket).offset, key: .absent,
      value: TextRange(start: 0, count: 0), headers: TextRange(start: 0, count: 0))
    entry.ledgerEntry = engine.outcomeRecorded(ticket, at: now)
    return (ticket, resolution, course, entry)
  }
}

private let delivered = Verdict(.delivered, effect: .done)
private let unanswered = Verdict(.temporary, effect: .unknown)
private let notReached = Verdict(.backendNotReached, effect: .none)

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
    let bench = Bench()
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

  @Test(arguments: [
    Verdict(.configurationFault, effect: .none), Verdict(.clockFault, effect: .none),
    Verdict(.programmingFault, effect: .none), Verdict(.flowControl, effect: .none, banSeconds: 5),
    Verdict(.flowControl, effect: .none),
  ])
  func ourOwnFaultsStopTheLineAndFailNothing(_ fault: Verdict) {
    let bench = Bench()
    for offset in 0..<RecordOffset(4) { _ = bench.arrive(offset, lane: UInt64(offset)) }
    bench.commit([])
    let tickets = [bench.send()!, bench.send()!, bench.send()!]
    for ticket in tickets { #expect(bench.end(ticket, fault) == .again) }
    #expect(bench.send() == nil)
    // One probe at a time, far more often than a record has attempts.
    for _ in 0..<20 {
      bench.pass(.seconds(70))
      let probe = bench.send()
      #expect(probe != nil)
      #expect(bench.send() == nil)
      if let probe { #expect(bench.end(probe, fault) == .again) }
    }
    bench.pass(.seconds(70))
    _ = bench.end(bench.send()!, delivered)
    #expect(bench.send() != nil)
    #expect(bench.send() != nil)
    let course = bench.resolve()?.course
    #expect((course?.waitedForHalt ?? .zero) + (course?.waitedForBan ?? .zero) > .seconds(30))
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
    for offset in 0..<RecordOffset(DeliveryLimits.unresolvedPerPartition) {
      _ = bench.arrive(offset, lane: 1)
    }
    #expect(bench.room == 0)
    bench.commit([])
    _ = bench.end(bench.send()!, delivered)
    _ = bench.resolve()
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
