package import BridgeCore

/// Whether the worker does what it is there for, judged from one snapshot at one moment.
package struct HealthReport: Sendable {
  package enum Status: UInt8, Sendable {
    /// Nothing waits, or what waits moves.
    case healthy
    /// Nothing is known yet: the worker is starting.
    case starting
    /// Something waits and has not moved for too long.
    case stalled

    package var name: StaticString {
      switch self {
      case .healthy: "healthy"
      case .starting: "starting"
      case .stalled: "stalled"
      }
    }
  }

  package struct Partition: Sendable {
    package var snapshot: PartitionSnapshot
    package var reason: StallReason?
    /// How long its first event has not moved; nil if nothing waits.
    package var standsStill: TimeSpan?
    package var isStalled: Bool
    /// Of the oldest event; for a partition that is not read, at least.
    package var oldestAge: TimeSpan?
  }

  package private(set) var status: Status
  /// Every reason that holds now, whether or not it has lasted long enough to matter.
  package private(set) var reasons: [StallReason]
  package private(set) var partitions: [Partition] = []
  package let snapshot: WorkerSnapshot?
  package let now: Moment

  package init(_ snapshot: WorkerSnapshot?, stalledAfter: TimeSpan, at now: Moment) {
    self.snapshot = snapshot
    self.now = now
    guard let snapshot else {
      status = .starting
      reasons = []
      return
    }
    status = .healthy
    var found: Set<StallReason> = []
    if let reason = snapshot.lineReason { found.insert(reason) }
    if snapshot.isBrokerGone(at: now.monotonic) { found.insert(.brokerGone) }
    if snapshot.isStale(at: now.monotonic) {
      found.insert(.loopBlocked)
      status = .stalled
    }
    if let since = snapshot.unassignedSince, snapshot.stage == .running {
      let span = now.monotonic - since
      if span >= SightLimits.partitionPatience { found.insert(.noAssignment) }
      if span >= stalledAfter { status = .stalled }
    }
    for partition in snapshot.partitions {
      let reason = snapshot.stallReason(of: partition, at: now.monotonic)
      let span = partition.waitingSince.map { now.monotonic - $0 }
      let isStalled = span.map { $0 >= stalledAfter } ?? false
      if isStalled { status = .stalled }
      if let reason { found.insert(reason) }
      partitions.append(
        Partition(
          snapshot: partition, reason: reason, standsStill: span, isStalled: isStalled,
          oldestAge: partition.oldestAge(at: now)))
    }
    reasons = found.sorted { $0.rawValue < $1.rawValue }
  }
}

extension PartitionSnapshot {
  /// Of the oldest event without a durable outcome; at least that for a partition of which nothing was read.
  package func oldestAge(at now: Moment) -> TimeSpan? {
    let waited = waitingSince.map { now.monotonic - $0 }
    guard let oldestAt else { return waited }
    return max(now.wall - oldestAt, .zero)
  }
}
