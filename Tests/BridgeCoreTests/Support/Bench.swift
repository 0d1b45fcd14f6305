@testable import BridgeCore

/// An engine with one active partition and a clock in its hands.
final class Bench {
  var engine: DeliveryEngine
  var now = Moment(monotonic: MonotonicTime(microseconds: 1_000_000), wall: WallTime(milliseconds: 1_000))
  var nextSlot: Int32 = 0
  /// Of the last batch.
  var lastMetadata: [UInt8] = []

  init(recovered: RecoveredPartition, settings: DeliverySettings = DeliverySettings()) {
    var settings = settings
    settings.firstPartitionCount = 1
    engine = DeliveryEngine(settings: settings, seed: 1, processToken: 9)
    _ = engine.partitionsAssigned([0], epoch: Epoch(1))
    _ = engine.partitionRecovered(recovered, epoch: Epoch(1), at: now.monotonic)
  }

  convenience init(settings: DeliverySettings = DeliverySettings()) {
    self.init(
      recovered: RecoveredPartition(
        partition: 0, committedOffset: nil, metadata: [], logStart: 0, logEnd: 0, startPosition: 0),
      settings: settings)
    commit([])
  }

  var isBatchDue: Bool { engine.batchDue(at: now.monotonic) }
  var wantedRequestCount: Int { engine.wantedRequestCount(at: now.monotonic) }
  var room: Int { engine.room(in: 0) }
  var view: DeliveryEngine.PartitionView { engine.view(of: 0) }

  var lastLog: RecoveryLog? { RecoveryLogCodec.decode(lastMetadata) }

  func pass(_ span: TimeSpan) {
    now.monotonic = now.monotonic + span
    now.wall.milliseconds += span.milliseconds
  }

  func arrive(
    _ offset: RecordOffset, lane: UInt64, isValid: Bool = true, caller: UInt32 = 0,
    timestamp: WallTime? = nil, deadline: WallTime? = nil
  ) -> Ticket {
    let ticket = engine.recordArrived(offset, in: 0, index: nextSlot, at: now)!
    nextSlot += 1
    engine.recordDecoded(
      ticket, lane: LaneKey(hash: lane), isValid: isValid, byteCount: 100, caller: caller,
      timestamp: timestamp, deadline: deadline, at: now)
    return ticket
  }

  /// Makes a batch of what waits and lets it be committed.
  func commit(_ outcomes: [OutcomeEntry], _ result: CommitResult = .committed) {
    let (_, commits) = engine.batchStarted(outcomes, leftBehind: 0, at: now.monotonic)
    lastMetadata = commits.last?.metadata ?? lastMetadata
    guard !commits.isEmpty else { return }
    engine.batchAnswered(at: now.monotonic)
    for commit in commits {
      _ = engine.partitionAnswered(commit, result, returned: outcomes.count, at: now)
    }
  }

  /// Sends the next record.
  func send() -> Ticket? {
    guard let ticket = engine.nextDispatch(at: now) else { return nil }
    engine.attemptStarted(ticket, at: now)
    return ticket
  }

  /// Lets back-offs end.
  func wait(_ span: TimeSpan) {
    pass(span)
    engine.timersFired(at: now)
    engine.lineTurned(at: now)
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

let delivered = Verdict(.delivered, effect: .done)
let unanswered = Verdict(.temporary, effect: .unknown)
let notReached = Verdict(.backendNotReached, effect: .none)
