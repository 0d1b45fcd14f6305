import Testing

@testable import BridgeCore

/// A line with more records than it can send, one partition, a gateway that takes 5 ms and a broker that takes 20 ms for
/// a batch, in steps of a millisecond.
private struct SteadyLine {
  static let requestTime: Int64 = 5
  static let batchTime: Int64 = 20

  let bench: Bench
  let laneCount: UInt64
  private(set) var startCount = 0
  private(set) var batchCount = 0
  private(set) var mostOpen = 0
  private var nextOffset: RecordOffset = 0
  private var outcomeCount: RecordOffset = 0
  private var underWay: [(ticket: Ticket, endsAt: Int64)] = []
  private var waiting: [OutcomeEntry] = []
  private var batch: (commits: [PartitionCommit], endsAt: Int64)?

  init(inFlight: Int, laneCount: UInt64) {
    var settings = DeliverySettings()
    settings.inFlightLimit = inFlight
    bench = Bench(settings: settings)
    self.laneCount = laneCount
  }

  mutating func run(milliseconds: Int64) {
    let end = bench.now.wall.milliseconds + milliseconds
    while bench.now.wall.milliseconds < end {
      step()
      bench.pass(.milliseconds(1))
    }
  }

  private mutating func step() {
    let now = bench.now
    let time = now.wall.milliseconds
    if let answered = batch, answered.endsAt <= time {
      batch = nil
      bench.engine.batchAnswered(at: now.monotonic)
      for commit in answered.commits {
        _ = bench.engine.partitionAnswered(commit, .committed, returned: 0, at: now)
      }
    }
    while let first = underWay.first, first.endsAt <= time {
      underWay.removeFirst()
      _ = bench.engine.attemptEnded(
        first.ticket, delivered, duration: .milliseconds(Self.requestTime), at: now)
    }
    takeRecords()
    while let resolved = bench.resolve() {
      waiting.append(resolved.entry)
      outcomeCount += 1
    }
    while let ticket = bench.send() {
      startCount += 1
      underWay.append((ticket, time + Self.requestTime))
    }
    if bench.isBatchDue {
      let (_, commits) = bench.engine.batchStarted(waiting, leftBehind: 0, at: now.monotonic)
      waiting = []
      batchCount += 1
      batch = (commits, time + Self.batchTime)
    }
  }

  private mutating func takeRecords() {
    guard bench.engine.wantsRecords(at: bench.now.monotonic) else { return }
    for _ in 0..<bench.room {
      _ = bench.arrive(nextOffset, lane: UInt64(nextOffset) &* 0x9E37_79B9_7F4A_7C15 % laneCount)
      nextOffset += 1
    }
    mostOpen = max(mostOpen, Int(nextOffset - outcomeCount))
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
