/// Knows since when each partition stands still: its first event without a durable outcome is the same, and something
/// waits. Whatever other conversations do, that event's customer waits.
package struct ProgressWatch: Sendable {
  private struct Memory {
    var committedOffset: RecordOffset?
    var waitingSince: MonotonicTime?
    var oldestAt: WallTime?
  }

  /// Also of partitions that were given away: one that comes back as it was has not moved.
  private var memories: [PartitionIndex: Memory] = [:]

  package init() {}

  /// Completes what is seen of a partition now by what was seen of it before.
  package mutating func observe(_ partition: inout PartitionSnapshot, at now: MonotonicTime) {
    var memory = memories[partition.partition] ?? Memory()
    let hasMoved = partition.committedOffset.map { $0 != memory.committedOffset } ?? false
    if hasMoved {
      memory.committedOffset = partition.committedOffset
      memory.oldestAt = nil
      memory.waitingSince = nil
    }
    guard partition.waits else {
      memory.waitingSince = nil
      memory.oldestAt = nil
      memories[partition.partition] = memory
      return
    }
    let since = memory.waitingSince ?? now
    memory.waitingSince = since
    // The event at C is the oldest until C moves, whether or not it has an outcome that is not durable.
    memory.oldestAt = [memory.oldestAt, partition.oldestAt].compactMap { $0 }.min()
    partition.waitingSince = since
    partition.oldestAt = memory.oldestAt
    memories[partition.partition] = memory
  }
}
