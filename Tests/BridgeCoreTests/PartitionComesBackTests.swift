import Testing

@testable import BridgeCore

@Suite struct PartitionComesBackTests {
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
    bench.engine.partitionsAssigned([0], epoch: Epoch(2))
    let recovered = RecoveredPartition(
      partition: 0, committedOffset: 0, metadata: metadata, logStart: 0, logEnd: 2, startPosition: 0)
    #expect(bench.engine.partitionRecovered(recovered, epoch: Epoch(2)) == .read(from: 0))
    let again = bench.arrive(0, lane: 1)
    let otherAgain = bench.arrive(1, lane: 2)
    bench.commit([])
    #expect(bench.send() == nil)
    #expect(bench.end(other, delivered) == .stale)
    #expect(bench.send() == otherAgain)
    #expect(bench.send() == nil)
    #expect(bench.end(old, unanswered) == .stale)
    #expect(bench.send() == again)
    #expect(bench.engine.inFlightCount == 2)
    _ = bench.end(again, delivered)
    #expect(bench.resolve()?.course.possibleDuplicate == true)
  }
}
