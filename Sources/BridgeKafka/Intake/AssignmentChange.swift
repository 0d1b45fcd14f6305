import BridgeCore

/// What changes of an assignment under the cooperative protocol, while the loop finishes what it has.
struct AssignmentChange: Equatable {
  private var added: [PartitionIndex] = []
  private var removed: Set<PartitionIndex> = []

  func adding(_ partitions: [PartitionIndex]) -> AssignmentChange {
    var change = self
    change.removed.subtract(partitions)
    change.added += partitions.filter { !added.contains($0) }
    return change
  }

  func removing(_ partitions: [PartitionIndex]) -> AssignmentChange {
    var change = self
    change.removed.formUnion(partitions)
    change.added.removeAll { partitions.contains($0) }
    return change
  }

  /// What there is afterwards.
  func kept(of owned: [PartitionIndex]) -> [PartitionIndex] {
    owned.filter { !removed.contains($0) && !added.contains($0) } + added
  }
}
