package import BridgeCore
import BridgeRuntime

/// A consumer over a simulated cluster: everything is assigned at once, records come in random portions.
package struct SimulatedIntake: IntakePort, ~Copyable {
  private let cluster: SimulatedCluster
  private var random: SplitMix64
  private var events: [MembershipEvent]
  private var positions: [PartitionIndex: RecordOffset] = [:]
  private var announcedEnd: [PartitionIndex: RecordOffset] = [:]
  package private(set) var hasLeft = false

  package init(cluster: SimulatedCluster, epoch: Epoch, seed: UInt64) {
    self.cluster = cluster
    random = SplitMix64(seed: seed)
    events = [.assigned(cluster.partitions.indices.map { PartitionIndex($0) }, epoch)]
  }

  package mutating func nextMembershipEvent() -> MembershipEvent? {
    events.isEmpty ? nil : events.removeFirst()
  }

  package mutating func start(_ started: [ReadPosition]) {
    for position in started { positions[position.partition] = position.offset }
  }

  package mutating func releaseAssignment() { positions = [:] }

  package mutating func take(
    from partition: PartitionIndex, upTo limit: Int, _ visit: (IntakeItem) -> Void
  ) -> Int {
    guard let position = positions[partition] else { return 0 }
    let log = cluster.partitions[Int(partition)]
    let portion = min(limit, Int(random.next(upTo: 8)))
    let next = log.records.drop { $0.offset < position }.prefix(portion)
    for record in next {
      record.key.withUnsafeBytes { key in
        record.value.withUnsafeBytes { value in
          visit(
            .record(
              RecordView(
                partition: partition, offset: record.offset, timestamp: WallTime(milliseconds: 1), key: key,
                value: value)))
        }
      }
      positions[partition] = record.offset + 1
    }
    if portion > 0, next.count < portion, announcedEnd[partition] != log.end {
      announcedEnd[partition] = log.end
      positions[partition] = max(position, log.end)
      visit(.endOfPartition(offset: log.end))
      return next.count + 1
    }
    return next.count
  }

  package mutating func leave() { hasLeft = true }
}
