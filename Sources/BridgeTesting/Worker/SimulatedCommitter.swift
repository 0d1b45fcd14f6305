import BridgeCore
import BridgeRuntime

/// The loop's view of a `CommitterThread`.
struct SimulatedCommitter: CommittingPort, ~Copyable {
  private let thread: CommitterThread

  init(_ thread: CommitterThread) { self.thread = thread }

  mutating func recover(_ partitions: [PartitionIndex], epoch: Epoch) {
    thread.recover(partitions, epoch: epoch)
  }
  mutating func submit(_ batch: consuming CommitBatch) { thread.submit(batch) }
  mutating func nextAnswer() -> CommittingAnswer? { thread.nextAnswer() }
}
