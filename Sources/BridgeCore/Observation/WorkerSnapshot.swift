/// How the worker stands at one moment: what health, metrics and the status topic are drawn from. The loop makes one a
/// few times a second; everybody else only reads.
package struct WorkerSnapshot: Sendable {
  package enum Stage: UInt8, Sendable {
    case running, draining, leaving
  }

  package var takenAt: Moment
  package var stage: Stage
  package var line: LineStatus
  package var tally: LineTally
  package var partitions: [PartitionSnapshot]
  /// Since when the group has given no assignment, not even an empty one; nil while there is one.
  package var unassignedSince: MonotonicTime?
  package var inFlightCount: Int
  package var inFlightLimit: Int
  /// By raw value of `LaneWait`.
  package var laneWaits: [Int]
  /// Of records and outcomes in memory.
  package var bufferedByteCount: Int
  package var gateway: GatewayStanding
  package var broker: BrokerContact
  package var committer: CommitterStanding
  /// A batch was handed to the committer and not answered yet.
  package var batchSince: MonotonicTime?
  /// Kafka takes an outcome in no form.
  package var waitsForRefusedOutcome: Bool
  /// When an outcome last became durable; the start of the worker before the first.
  package var progressAt: Moment

  /// Every partition of the assignment is decided.
  package var isRecovered: Bool {
    partitions.allSatisfy { partition in
      switch partition.stage {
      case .recovering, .starting: false
      case .reading, .draining, .undecided: true
      }
    }
  }

  package init(
    takenAt: Moment, stage: Stage, line: LineStatus, tally: LineTally, partitions: [PartitionSnapshot],
    unassignedSince: MonotonicTime?, inFlightCount: Int, inFlightLimit: Int, laneWaits: [Int],
    bufferedByteCount: Int, gateway: GatewayStanding, broker: BrokerContact, committer: CommitterStanding,
    batchSince: MonotonicTime?, waitsForRefusedOutcome: Bool, progressAt: Moment
  ) {
    self.takenAt = takenAt
    self.stage = stage
    self.line = line
    self.tally = tally
    self.partitions = partitions
    self.unassignedSince = unassignedSince
    self.inFlightCount = inFlightCount
    self.inFlightLimit = inFlightLimit
    self.laneWaits = laneWaits
    self.bufferedByteCount = bufferedByteCount
    self.gateway = gateway
    self.broker = broker
    self.committer = committer
    self.batchSince = batchSince
    self.waitsForRefusedOutcome = waitsForRefusedOutcome
    self.progressAt = progressAt
  }
}

/// How far a partition of the assignment is.
package enum PartitionStage: Sendable, Equatable {
  /// What is committed is being asked.
  case recovering
  /// Its start position is being committed.
  case starting
  case reading
  case draining
  /// Nothing is read until somebody decides.
  case undecided(UndecidedReason)
}

package struct PartitionSnapshot: Sendable, Equatable {
  package var partition: PartitionIndex
  package var stage: PartitionStage
  /// C; nil if it is not known, or nothing is committed.
  package var committedOffset: RecordOffset?
  /// Behind the last record of the log, as far as it is known.
  package var endOffset: RecordOffset?
  package var unresolvedCount: Int
  /// Outcomes that are not durable.
  package var unpublishedCount: Int
  package var inFlightCount: Int
  /// The time of the oldest event without a durable outcome, as far as one was read.
  package var oldestAt: WallTime?
  /// Since when something has waited here while the first event without a durable outcome was the same; nil if nothing
  /// waits.
  package var waitingSince: MonotonicTime?

  package init(
    partition: PartitionIndex, stage: PartitionStage, committedOffset: RecordOffset? = nil,
    endOffset: RecordOffset? = nil, unresolvedCount: Int = 0, unpublishedCount: Int = 0,
    inFlightCount: Int = 0, oldestAt: WallTime? = nil, waitingSince: MonotonicTime? = nil
  ) {
    self.partition = partition
    self.stage = stage
    self.committedOffset = committedOffset
    self.endOffset = endOffset
    self.unresolvedCount = unresolvedCount
    self.unpublishedCount = unpublishedCount
    self.inFlightCount = inFlightCount
    self.oldestAt = oldestAt
    self.waitingSince = waitingSince
  }

  /// Records from the committed offset to the end of the log; nil if one of them is not known.
  package var lag: Int64? {
    guard let committedOffset, let endOffset else { return nil }
    return max(0, endOffset - committedOffset)
  }

  /// Something is to be done here. What is not read may have anything behind it.
  package var waits: Bool {
    switch stage {
    case .recovering, .starting, .undecided: true
    case .reading, .draining: unresolvedCount > 0 || unpublishedCount > 0 || (lag ?? 0) > 0
    }
  }
}

/// Connections to the gateway.
package struct GatewayStanding: Sendable, Equatable {
  package var openCount = 0
  /// No connection was made since the last one failed.
  package var isUnreachable = false

  package init() {}
}

/// What was last heard from Kafka.
package struct BrokerContact: Sendable, Equatable {
  /// A request was last answered; nil before the first.
  package var answeredAt: MonotonicTime?
  /// A request has failed since.
  package var hasFailedSince = false

  package init() {}
}

package struct CommitterStanding: Sendable, Equatable {
  /// Producers made after the first.
  package var producerRecreationCount = 0

  package init() {}
}
