import Testing

@testable import BridgeCore

@Suite struct ProgressWatchTests {
  private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(microseconds: seconds * 1_000_000) }

  private func observe(
    _ watch: inout ProgressWatch, _ seconds: Int64, committed: RecordOffset?, end: RecordOffset? = 10,
    unresolved: Int = 0, _ stage: PartitionStage = .reading, oldest: Int64? = nil
  ) -> PartitionSnapshot {
    var seen = PartitionSnapshot(
      partition: 4, stage: stage, committedOffset: committed, endOffset: end, unresolvedCount: unresolved,
      oldestAt: oldest.map { WallTime(milliseconds: $0) })
    watch.observe(&seen, at: at(seconds))
    return seen
  }

  @Test func onlyTheFirstEventCounts() {
    var watch = ProgressWatch()
    #expect(observe(&watch, 1, committed: 5, unresolved: 3).waitingSince == at(1))
    // Others go on, the first one does not.
    #expect(observe(&watch, 9, committed: 5, end: 90, unresolved: 50).waitingSince == at(1))
    #expect(observe(&watch, 10, committed: 6, end: 90, unresolved: 50).waitingSince == at(10))
    #expect(observe(&watch, 11, committed: 90, end: 90).waitingSince == nil)
    #expect(observe(&watch, 50, committed: 90, end: 91).waitingSince == at(50))
  }

  @Test func aPartitionThatComesBackAsItWasHasNotMoved() {
    var watch = ProgressWatch()
    #expect(observe(&watch, 1, committed: 5).waitingSince == at(1))
    #expect(observe(&watch, 40, committed: nil, end: nil, .recovering).waitingSince == at(1))
    #expect(observe(&watch, 41, committed: 5).waitingSince == at(1))
  }

  @Test func whatIsNotReadWaits() {
    for stage in [PartitionStage.recovering, .starting, .undecided(.foreignOffset)] {
      var watch = ProgressWatch()
      #expect(observe(&watch, 2, committed: 10, end: 10, stage).waitingSince == at(2))
    }
  }

  /// Also when it has an outcome that is not durable: then nothing unresolved tells its time any more.
  @Test func theOldestStaysTheOldestUntilItIsDurable() {
    var watch = ProgressWatch()
    #expect(observe(&watch, 1, committed: 5, unresolved: 2, oldest: 700).oldestAt?.milliseconds == 700)
    #expect(observe(&watch, 2, committed: 5, unresolved: 1, oldest: 900).oldestAt?.milliseconds == 700)
    #expect(observe(&watch, 3, committed: 5).oldestAt?.milliseconds == 700)
    #expect(observe(&watch, 4, committed: 6, unresolved: 1, oldest: 900).oldestAt?.milliseconds == 900)
    #expect(observe(&watch, 5, committed: 10).oldestAt == nil)
  }
}
