package import BridgeCore

/// The state of a simulated cluster that outlives every worker: the input log, what is committed, the result topic.
package final class SimulatedCluster {
  package struct Record {
    package var offset: RecordOffset
    package var lane: Int
    package var key: [UInt8]
    package var value: [UInt8]
    package var isValid: Bool
  }

  package struct Committed {
    package var offset: RecordOffset
    package var metadata: [UInt8]
  }

  package struct PublishedOutcome {
    package var offset: RecordOffset
    package var value: String
  }

  package struct Partition {
    package var records: [Record] = []
    /// Behind the last record; more than last + 1 where markers follow.
    package var end: RecordOffset = 0
    package var committed: Committed?
    package var outcomes: [PublishedOutcome] = []
  }

  package var partitions: [Partition]
  package private(set) var violations: [String] = []

  package init(partitionCount: Int) { partitions = Array(repeating: Partition(), count: partitionCount) }

  package func violated(_ invariant: String) { violations.append(invariant) }

  /// Appends a record behind a gap of `gap` offsets.
  package func append(
    to partition: Int, lane: Int, gap: RecordOffset, value: (RecordOffset) -> [UInt8], isValid: Bool
  ) {
    let offset = partitions[partition].end + gap
    partitions[partition].records.append(
      Record(
        offset: offset, lane: lane, key: Array("lane-\(lane)".utf8), value: value(offset), isValid: isValid))
    partitions[partition].end = offset + 1
  }

  /// Outcomes and offsets of a transaction become visible together.
  package func apply(_ batch: CommitBatch) {
    for outcome in batch.outcomes {
      let value = String(decoding: batch.bytes[outcome.value.start..<outcome.value.end], as: UTF8.self)
      partitions[Int(outcome.partition)].outcomes.append(
        PublishedOutcome(offset: outcome.offset, value: value))
    }
    for commit in batch.partitions {
      let index = Int(commit.partition)
      if let before = partitions[index].committed, commit.committedOffset < before.offset {
        violated("V9: C of partition \(index) fell from \(before.offset) to \(commit.committedOffset)")
      }
      let published = Set(partitions[index].outcomes.map(\.offset))
      let passed = partitions[index].records.first {
        $0.offset < commit.committedOffset && !published.contains($0.offset)
      }
      if let passed { violated("V9: C of partition \(index) passed \(passed.offset), which has no outcome") }
      partitions[index].committed = Committed(offset: commit.committedOffset, metadata: commit.metadata)
    }
  }

  /// K as a successor would find it.
  package func durableCeiling(of partition: Int) -> RecordOffset {
    partitions[partition].committed.flatMap { RecoveryLogCodec.decode($0.metadata)?.ceiling } ?? 0
  }
}
