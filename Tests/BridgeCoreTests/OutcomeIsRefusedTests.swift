import Testing

@testable import BridgeCore

/// Kafka takes an outcome in no form.
@Suite struct OutcomeIsRefusedTests {
  /// Partition 0 has an outcome that was refused, partition 1 a record that could be sent.
  private static func refused() -> (Bench, OutcomeEntry, Ticket) {
    let bench = Bench()
    _ = bench.engine.partitionsAssigned([1], epoch: Epoch(1))
    let second = RecoveredPartition(
      partition: 1, committedOffset: nil, metadata: [], logStart: 0, logEnd: 0, startPosition: 0)
    _ = bench.engine.partitionRecovered(second, epoch: Epoch(1), at: bench.now.monotonic)
    let bad = bench.arrive(0, lane: 1)
    bench.commit([])
    #expect(bench.send() == bad)
    _ = bench.end(bad, delivered)
    let outcome = bench.resolve()!.entry
    let waiting = bench.engine.recordArrived(0, in: 1, index: bench.nextSlot, at: bench.now)!
    bench.engine.recordDecoded(
      waiting, lane: LaneKey(hash: 2), isValid: true, byteCount: 100, caller: 0, timestamp: nil,
      deadline: nil,
      at: bench.now)
    bench.commit([])
    bench.commit([outcome], .notCommitted)
    bench.engine.outcomeRefused(of: 0, at: bench.now.monotonic)
    return (bench, outcome, waiting)
  }

  @Test func nothingIsSentUntilItIsTaken() {
    let (bench, outcome, waiting) = Self.refused()
    #expect(bench.send() == nil)
    #expect(!bench.isBatchDue)
    bench.wait(DeliveryLimits.refusedOutcomeDelay)
    #expect(bench.isBatchDue)
    bench.commit([outcome])
    #expect(bench.send() == waiting)
  }

  /// A partition that only moves on over records without an outcome has no claim to be earlier: the loop would turn
  /// without a pause.
  @Test func theLoopSleepsUntilTheNextTry() {
    let (bench, _, _) = Self.refused()
    bench.engine.endOfPartitionReached(10, in: 0)
    bench.pass(DeliveryLimits.idleCommitInterval)
    bench.pass(.milliseconds(1))
    #expect(!bench.isBatchDue)
    let wake = bench.engine.nextWake(at: bench.now.monotonic)
    #expect(wake.map { $0 > bench.now.monotonic } == true)
  }

  @Test func itIsTheNextOwnersAffair() {
    let (bench, outcome, waiting) = Self.refused()
    bench.wait(DeliveryLimits.refusedOutcomeDelay)
    let (_, commits) = bench.engine.batchStarted([outcome], leftBehind: 0, at: bench.now.monotonic)
    bench.engine.batchAnswered(at: bench.now.monotonic)
    for commit in commits {
      let result: CommitResult = commit.partition == 0 ? .takenOver : .notCommitted
      _ = bench.engine.partitionAnswered(commit, result, returned: 0, at: bench.now)
    }
    #expect(bench.send() == waiting, "the other partition goes on")
  }

  @Test func anotherAssignmentStartsAfresh() throws {
    let (bench, _, _) = Self.refused()
    _ = bench.engine.assignmentEnded()
    _ = bench.engine.partitionsAssigned([1], epoch: Epoch(2))
    let log = RecoveryLog(token: WriterToken(process: 9, counter: 3), committedOffset: 0, ceiling: 1)
    let again = RecoveredPartition(
      partition: 1, committedOffset: 0, metadata: try #require(RecoveryLogCodec.encode(log)), logStart: 0,
      logEnd: 1, startPosition: nil)
    #expect(
      bench.engine.partitionRecovered(again, epoch: Epoch(2), at: bench.now.monotonic) == .read(from: 0))
    let waits = bench.engine.waitsForRefusedOutcome
    #expect(!waits)
    let ticket = bench.arrive(0, lane: 2)
    #expect(bench.isBatchDue, "for the ceiling, at once")
    bench.commit([])
    #expect(bench.send() == ticket)
  }
}
