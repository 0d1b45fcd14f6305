import Testing

@testable import BridgeCore

@Suite struct PartitionComesBackTests {
  /// A member that was replaced without its knowing would read its successor's recovery log: that log's ceiling is no
  /// leave to send.
  @Test func nothingIsSentOnAPredecessorsCeiling() throws {
    let log = RecoveryLog(token: WriterToken(process: 1, counter: 1), committedOffset: 0, ceiling: 5)
    let bench = Bench(
      recovered: RecoveredPartition(
        partition: 0, committedOffset: 0, metadata: try #require(RecoveryLogCodec.encode(log)), logStart: 0,
        logEnd: 5, startPosition: nil))
    let ticket = bench.arrive(0, lane: 1)
    #expect(bench.send() == nil)
    #expect(bench.isBatchDue)
    bench.commit([])
    #expect(bench.send() == ticket)
  }

  /// The partition was lost and is ours again while a request of its old assignment still runs.
  @Test func aRecordWaitsForItsOldAttempt() throws {
    let bench = Bench()
    let old = bench.arrive(0, lane: 1)
    let other = bench.arrive(1, lane: 2)
    bench.commit([])
    _ = bench.send()
    _ = bench.send()
    let metadata = bench.lastMetadata
    for slot in bench.engine.assignmentEnded() { #expect(slot < 2) }
    _ = bench.engine.partitionsAssigned([0], epoch: Epoch(2))
    let recovered = RecoveredPartition(
      partition: 0, committedOffset: 0, metadata: metadata, logStart: 0, logEnd: 2, startPosition: 0)
    #expect(
      bench.engine.partitionRecovered(recovered, epoch: Epoch(2), at: bench.now.monotonic) == .read(from: 0))
    let again = bench.arrive(0, lane: 1)
    let otherAgain = bench.arrive(1, lane: 2)
    bench.commit([])
    #expect(bench.send() == nil)
    #expect(bench.end(other, delivered) == .stale)
    bench.commit([])
    #expect(bench.send() == otherAgain)
    #expect(bench.send() == nil)
    #expect(bench.end(old, unanswered) == .stale)
    bench.commit([])
    #expect(bench.send() == again)
    #expect(bench.engine.inFlightCount == 2)
    _ = bench.end(again, delivered)
    #expect(bench.resolve()?.course.possibleDuplicate == true)
  }
}
