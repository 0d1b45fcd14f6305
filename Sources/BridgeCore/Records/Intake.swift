/// A change in which partitions this member owns.
package enum MembershipEvent: Sendable {
  /// To be answered with `start` once the committed state is known. The epoch is the adapter's count of assignments.
  case assigned([PartitionIndex], Epoch)
  /// To be answered with `releaseAssignment`, after draining.
  case revoked([PartitionIndex])
  /// Somebody else may own them already; to be answered with `releaseAssignment`, at once.
  case lost([PartitionIndex])
  /// The consumer cannot go on.
  case failed(FatalFault)
}

/// Where to read a partition from.
package struct ReadPosition: Sendable, Equatable {
  package var partition: PartitionIndex
  package var offset: RecordOffset
  package init(partition: PartitionIndex, offset: RecordOffset) {
    self.partition = partition
    self.offset = offset
  }
}

/// One thing found in a partition's queue.
package enum IntakeItem {
  case record(RecordView)
  /// Everything below `offset` has been handed out.
  case endOfPartition(offset: RecordOffset)
}
