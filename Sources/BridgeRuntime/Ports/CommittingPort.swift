package import BridgeCore

/// Publishes and commits. It works on a thread of its own; one batch at a time.
package protocol CommittingPort: ~Copyable {
  /// Asks what is committed for the partitions of an assignment. A newer question makes an older one void.
  mutating func recover(_ partitions: [PartitionIndex], epoch: Epoch)
  /// Publishes and commits a batch; there is none under way.
  mutating func submit(_ batch: consuming CommitBatch)
  mutating func nextAnswer() -> CommittingAnswer?
  var standing: CommitterStanding { get }
}

extension CommittingPort where Self: ~Copyable {
  package var standing: CommitterStanding { CommitterStanding() }
}
