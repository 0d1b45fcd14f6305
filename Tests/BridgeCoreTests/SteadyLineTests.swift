import Testing

@testable import BridgeCore

/// A line with more records than it can send, one partition, a gateway that takes 5 ms and a broker that takes 20 ms for
/// a batch, in steps of a millisecond.
private struct SteadyLine: ~Copyable {
  static let requestTime: Int64 = 5
  static let batchTime: Int64 = 20

  var engine: DeliveryEngine
  let laneCount: UInt64
  private(set) var startCount = 0
  private(set) var batchCount = 0
  private(set) var mostOpen = 0
  private var now = Moment(monotonic: MonotonicTime(microseconds: 0), wall: WallTime(milliseconds: 0))
  private var nextOffset: RecordOffset = 0
  private var freeSlots: [Int32] = Array(0..<4_000)
  private var underWay: [(ticket: Ticket, endsAt: Int64)] = []
  private var waiting: [OutcomeEntry] = []
  private var batch: (commits: [PartitionCommit], endsAt: Int64)?

  init(inFlight: Int, laneCount: UInt64) {
    var settings = DeliverySettings()
    settings.inFlightLimit = inFlight
    engine = DeliveryEngine(settings: settings, seed: 1, processToken: 1)
    self.laneCount = laneCount
    _ = engine.partitionsAssigned([0], epoch: Epoch(1))
    _ = engine.partitionRecovered(
      RecoveredPartition(
        partition: 0, committedOffset: nil, metadata: [], logStart: 0, logEnd: 0, startPosition: 0),
      epoch: Epoch(1), at: now.monotonic)
  }

  mutating func run(milliseconds: Int64) {
    let end = now.wall.milliseconds + milliseconds
    while now.wall.milliseconds < end {
      step()
      now.wall.milliseconds += 1
      now.monotonic = now.monotonic + .milliseconds(1)
    }
  }

  private mutating func step() {
    let time = now.wall.milliseconds
    if let answered = batch, answered.endsAt <= time {
      batch = nil
      engine.batchAnswered(at: now.monotonic)
      for commit in answered.commits {
        _ = engine.partitionAnswered(commit, .committed, returned: 0, at: now)
      }
    }
    while let first = underWay.first, first.endsAt <= time {
      underWay.removeFirst()
      _ = engine.attemptEnded(
        first.ticket, delivered, duration: .milliseconds(Self.requestTime), at: now)
    }
    takeRecords()
    while let (ticket, _) = engine.nextResolution(at: now) {
      var entry = OutcomeEntry(
        partition: 0, epoch: Epoch(1), offset: engine.coordinates(of: ticket).offset, key: .absent,
        value: TextRange(start: 0, count: 0), headers: TextRange(start: 0, count: 0))
      entry.ledgerEntry = engine.outcomeRecorded(ticket, at: now)
      waiting.append(entry)
      freeSlots.append(ticket.index)
    }
    while let ticket = engine.nextDispatch(at: now) {
      engine.attemptStarted(ticket, at: now)
      startCount += 1
      underWay.append((ticket, time + Self.requestTime))
    }
    if engine.batchDue(at: now.monotonic) {
      let (_, commits) = engine.batchStarted(waiting, leftBehind: 0, at: now.monotonic)
      waiting = []
      batchCount += 1
      batch = (commits, time + Self.batchTime)
    }
  }

  private mutating func takeRecords() {
    guard engine.wantsRecords(at: now.monotonic) else { return }
    for _ in 0..<engine.room(in: 0) {
      let ticket = engine.recordArrived(nextOffset, in: 0, index: freeSlots.removeLast(), at: now)!
      let lane = LaneKey(hash: UInt64(nextOffset) &* 0x9E37_79B9_7F4A_7C15 % laneCount)
      engine.recordDecoded(ticket, lane: lane, isValid: true, byteCount: 100, at: now)
      nextOffset += 1
    }
    mostOpen = max(mostOpen, 4_000 - freeSlots.count)
  }
}

@Suite struct SteadyLineTests {
  /// A commit costs milliseconds of processor time, whatever is in it.
  @Test(arguments: [4, 16, 64])
  func theCeilingLastsUntilTheCommitAfterTheNext(_ inFlight: Int) {
    var line = SteadyLine(inFlight: inFlight, laneCount: 2_000)
    line.run(milliseconds: 500)
    let startsBefore = line.startCount
    let batchesBefore = line.batchCount
    line.run(milliseconds: 2_000)
    let started = line.startCount - startsBefore
    let possible = inFlight * 2_000 / Int(SteadyLine.requestTime)
    #expect(started >= possible * 95 / 100, "requests wait for the ceiling: \(started) of \(possible)")
    let intervals = 2_000 / Int(DeliverySettings().commitInterval.milliseconds)
    #expect(line.batchCount - batchesBefore <= intervals * 11 / 10)
  }

  @Test func recordsAreTakenWhenTheyAreOfUse() {
    var line = SteadyLine(inFlight: 64, laneCount: 2_000)
    line.run(milliseconds: 500)
    #expect(line.mostOpen < 1_000, "the window of 2 000 is not filled for 64 requests")
  }

  @Test func oneConversationFillsTheWindow() {
    var line = SteadyLine(inFlight: 64, laneCount: 1)
    line.run(milliseconds: 500)
    #expect(line.mostOpen > RecoveryLogLimits.standard.unresolvedPerPartition * 9 / 10)
  }
}

@Suite struct FlowRateTests {
  @Test func itIsMeasuredOverWholeSpans() {
    var rate = FlowRate()
    rate.measure(over: .milliseconds(50), at: MonotonicTime(microseconds: 0))
    for _ in 0..<20 { rate.happened() }
    rate.measure(over: .milliseconds(50), at: MonotonicTime(microseconds: 49_999))
    #expect(rate.expected(in: .seconds(1)) == 0)
    rate.measure(over: .milliseconds(50), at: MonotonicTime(microseconds: 50_000))
    #expect(rate.expected(in: .seconds(1)) == 400)
    #expect(rate.expected(in: .milliseconds(1)) == 1, "rounded up")
    #expect(rate.expected(in: .zero) == 0)
  }

  @Test func itFallsByAQuarterASpan() {
    var rate = FlowRate()
    rate.measure(over: .milliseconds(50), at: MonotonicTime(microseconds: 0))
    for _ in 0..<20 { rate.happened() }
    for span in Int64(1)...3 {
      rate.measure(over: .milliseconds(50), at: MonotonicTime(microseconds: span * 50_000))
    }
    #expect(rate.expected(in: .seconds(1)) == 400 * 9 / 16)
  }
}
