package import BridgeCore

/// What the loop remembers for its snapshots beside what the core knows.
struct LoopSight {
  var watch = ProgressWatch()
  var unassignedSince: MonotonicTime?
  /// The first batch since one was last committed.
  var batchSince: MonotonicTime?
  var batchStartedAt: MonotonicTime?
  var progressAt: Moment?
  /// Bounds of partitions that are not read, as they were when they were asked.
  var recovered: [PartitionIndex: (committed: RecordOffset?, end: RecordOffset)] = [:]

  mutating func batchStarted(at now: MonotonicTime) {
    batchStartedAt = now
    if batchSince == nil { batchSince = now }
  }

  /// Says how long it took.
  mutating func batchEnded(_ result: BatchResult, outcomeCount: Int, at now: Moment) -> TimeSpan? {
    defer { batchStartedAt = nil }
    if result == .committed {
      batchSince = nil
      if outcomeCount > 0 { progressAt = now }
    }
    return batchStartedAt.map { now.monotonic - $0 }
  }
}

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// How everything stands. Goes through all unresolved records: a few times a second at most.
  package func snapshot(at now: Moment) -> WorkerSnapshot {
    let hasAssignment = engine.partitionCount > 0 || isAssigned
    if hasAssignment {
      sight.unassignedSince = nil
    } else if sight.unassignedSince == nil {
      sight.unassignedSince = now.monotonic
    }
    let progressAt = sight.progressAt ?? now
    sight.progressAt = progressAt
    var oldest = [WallTime?](repeating: nil, count: engine.partitionCount)
    let laneWaits = engine.survey(at: now.monotonic) { slot, index, receivedAt in
      let time = slots[index].timestamp ?? receivedAt
      if oldest[slot].map({ time < $0 }) ?? true { oldest[slot] = time }
    }
    var snapshot = WorkerSnapshot(
      takenAt: now, stage: stage, line: lineStatus(), tally: tally,
      partitions: (0..<engine.partitionCount).map { slot in
        var partition = partitionSnapshot(of: slot, oldestAt: oldest[slot])
        sight.watch.observe(&partition, at: now.monotonic)
        return partition
      },
      unassignedSince: sight.unassignedSince, inFlightCount: engine.inFlightCount,
      inFlightLimit: engine.settings.inFlightLimit, laneWaits: laneWaits,
      bufferedByteCount: engine.heldByteCount + outbox.bytes.count, gateway: gateway.standing,
      broker: intake.brokerContact, committer: committing.standing, batchSince: sight.batchSince,
      waitsForRefusedOutcome: engine.waitsForRefusedOutcome, progressAt: progressAt)
    snapshot.partitions.sort { $0.partition < $1.partition }
    return snapshot
  }

  private func partitionSnapshot(of slot: Int, oldestAt: WallTime?) -> PartitionSnapshot {
    let view = engine.view(of: slot)
    let stage = engine.stage(of: slot)
    let recovered = sight.recovered[view.partition]
    let committed: RecordOffset?
    switch stage {
    case .recovering, .undecided: committed = recovered?.committed
    case .starting, .reading, .draining: committed = view.committedOffset
    }
    return PartitionSnapshot(
      partition: view.partition, stage: stage, committedOffset: committed,
      endOffset: intake.endOffset(of: view.partition) ?? recovered?.end,
      unresolvedCount: view.unresolvedCount, unpublishedCount: view.unpublishedCount,
      inFlightCount: view.inFlightCount, oldestAt: oldestAt)
  }

  private var stage: WorkerSnapshot.Stage {
    switch phase {
    case .running, .draining(.revoked, _): .running
    case .draining(.stopping, _): .draining
    case .leaving, .ended: .leaving
    }
  }
}
