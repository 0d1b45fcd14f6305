package import BridgeCore

/// What a record of the status topic tells; closed.
package enum StatusWhat: UInt8, Sendable, CaseIterable {
  case started, stopped, halted, resumed, banned, breakerOpened, breakerClosed, braked, paused
  case partitionStarted, partitionStopped, heartbeat

  package var name: StaticString {
    switch self {
    case .started: "started"
    case .stopped: "stopped"
    case .halted: "halted"
    case .resumed: "resumed"
    case .banned: "banned"
    case .breakerOpened: "breaker_opened"
    case .breakerClosed: "breaker_closed"
    case .braked: "braked"
    case .paused: "paused"
    case .partitionStarted: "partition_started"
    case .partitionStopped: "partition_stopped"
    case .heartbeat: "heartbeat"
    }
  }
}

package struct StatusChange: Sendable, Equatable {
  package var what: StatusWhat
  package var since: WallTime
  /// Of the gateway's answer; with `stopped` the exit code.
  package var code: Int64?
  package var subCode: String?
  package var nextStep: String?
  /// With `partition_started` and `partition_stopped`.
  package var partition: PartitionIndex?

  package init(
    what: StatusWhat, since: WallTime, code: Int64? = nil, subCode: String? = nil, nextStep: String? = nil,
    partition: PartitionIndex? = nil
  ) {
    self.what = what
    self.since = since
    self.code = code
    self.subCode = subCode
    self.nextStep = nextStep
    self.partition = partition
  }
}

/// Finds what has changed from one snapshot to the next. What comes and goes between two of them is not told.
package struct StatusChanges: Sendable {
  package static let heartbeatInterval = TimeSpan.seconds(15)

  private var line: LineStatus.State?
  private var stages: [PartitionIndex: PartitionStage] = [:]
  private var toldAt: MonotonicTime?

  package init() {}

  package mutating func next(_ snapshot: WorkerSnapshot, at now: Moment) -> [StatusChange] {
    var changes: [StatusChange] = []
    if line == nil { changes.append(StatusChange(what: .started, since: snapshot.takenAt.wall)) }
    let before = line ?? .running
    line = snapshot.line.state
    if before != snapshot.line.state { changes.append(Self.change(from: before, to: snapshot)) }
    changes += partitionChanges(snapshot)
    let isDue = toldAt.map { now.monotonic - $0 >= Self.heartbeatInterval } ?? false
    if changes.isEmpty, isDue {
      changes.append(
        StatusChange(what: .heartbeat, since: now.wall, nextStep: Self.nextStep(snapshot, at: now)))
    }
    if !changes.isEmpty { toldAt = now.monotonic }
    return changes
  }

  private static func change(from before: LineStatus.State, to snapshot: WorkerSnapshot) -> StatusChange {
    let what: StatusWhat =
      switch snapshot.line.state {
      case .running: before == .breakerOpen ? .breakerClosed : .resumed
      case .halted: .halted
      case .banned: .banned
      case .breakerOpen: .breakerOpened
      case .braked: .braked
      case .paused: .paused
      }
    let stop = snapshot.line.state == .running ? nil : snapshot.line.stop
    return StatusChange(
      what: what, since: snapshot.line.since ?? snapshot.takenAt.wall, code: stop?.code,
      subCode: stop?.subCode,
      nextStep: snapshot.lineReason.map { "\($0.nextStep)" })
  }

  private mutating func partitionChanges(_ snapshot: WorkerSnapshot) -> [StatusChange] {
    var changes: [StatusChange] = []
    var now: [PartitionIndex: PartitionStage] = [:]
    for partition in snapshot.partitions {
      now[partition.partition] = partition.stage
      guard stages[partition.partition] != partition.stage else { continue }
      switch partition.stage {
      case .reading:
        changes.append(
          StatusChange(
            what: .partitionStarted, since: snapshot.takenAt.wall, partition: partition.partition))
      case .undecided:
        changes.append(
          StatusChange(
            what: .partitionStopped, since: snapshot.takenAt.wall,
            nextStep: "\(StallReason.notStarted.nextStep)",
            partition: partition.partition))
      case .recovering, .starting, .draining: break
      }
    }
    for partition in stages.keys.sorted() where now[partition] == nil {
      changes.append(
        StatusChange(what: .partitionStopped, since: snapshot.takenAt.wall, partition: partition))
    }
    stages = now
    return changes
  }

  private static func nextStep(_ snapshot: WorkerSnapshot, at now: Moment) -> String? {
    let reasons = snapshot.partitions.compactMap { snapshot.stallReason(of: $0, at: now.monotonic) }
    return (snapshot.lineReason ?? reasons.min { $0.rawValue < $1.rawValue }).map { "\($0.nextStep)" }
  }
}
