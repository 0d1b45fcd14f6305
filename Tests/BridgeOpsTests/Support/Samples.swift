import BridgeCore

@testable import BridgeOps

/// A worker to which nothing has happened, at second 100.
enum Samples {
  static let identity = WorkerIdentity(
    instance: "one", version: "1.2.3", librdkafka: "2.0.2", rules: "2026-11-25")

  static func moment(_ seconds: Int64) -> Moment {
    Moment(
      monotonic: MonotonicTime(microseconds: seconds * 1_000_000),
      wall: WallTime(milliseconds: 1_577_096_500_000 + seconds * 1_000))
  }

  static func snapshot(
    _ partitions: [PartitionSnapshot] = [], takenAt seconds: Int64 = 100,
    _ change: (inout WorkerSnapshot) -> Void = { _ in }
  ) -> WorkerSnapshot {
    var broker = BrokerContact()
    broker.answeredAt = moment(seconds).monotonic
    var snapshot = WorkerSnapshot(
      takenAt: moment(seconds), stage: .running, line: LineStatus(), tally: LineTally(),
      partitions: partitions,
      unassignedSince: nil, inFlightCount: 0, inFlightLimit: 64,
      laneWaits: [Int](repeating: 0, count: LaneWait.allCases.count), bufferedByteCount: 0,
      gateway: GatewayStanding(), broker: broker, committer: CommitterStanding(), batchSince: nil,
      waitsForRefusedOutcome: false, progressAt: moment(0))
    change(&snapshot)
    return snapshot
  }

  /// Ten records wait, the first since `seconds`.
  static func waiting(
    _ partition: PartitionIndex = 0, since seconds: Int64, _ stage: PartitionStage = .reading,
    unresolved: Int = 10, unpublished: Int = 0
  ) -> PartitionSnapshot {
    PartitionSnapshot(
      partition: partition, stage: stage, committedOffset: 5, endOffset: 15, unresolvedCount: unresolved,
      unpublishedCount: unpublished, oldestAt: moment(seconds).wall, waitingSince: moment(seconds).monotonic)
  }

  static func halted(_ state: LineStatus.State) -> LineStatus {
    var line = LineStatus()
    line.state = state
    line.since = moment(90).wall
    return line
  }
}
