package import BridgeCore
import BridgeRuntime

/// What may become of a simulated transaction, and how often (in 1 000).
package struct CommitFaults: Sendable {
  package var refused: UInt64 = 0
  package init() {}
}

/// Commits to a simulated cluster after a random time: atomically, or not at all.
package final class SimulatedTransactions {
  private enum Work {
    case batch(CommitBatch)
    case recovery([PartitionIndex], Epoch)
  }

  private let cluster: SimulatedCluster
  private let faults: CommitFaults
  private var random: SplitMix64
  private var work: [(due: MonotonicTime, Work)] = []
  private var answers: [CommittingAnswer] = []
  package var now = MonotonicTime(microseconds: 0)

  package init(cluster: SimulatedCluster, faults: CommitFaults, seed: UInt64) {
    self.cluster = cluster
    self.faults = faults
    random = SplitMix64(seed: seed)
  }

  package var nextDue: MonotonicTime? { work.first?.due }

  package func enqueue(_ batch: CommitBatch) { work.append((delay(), .batch(batch))) }
  package func enqueue(_ partitions: [PartitionIndex], _ epoch: Epoch) {
    work.append((delay(), .recovery(partitions, epoch)))
  }

  private func delay() -> MonotonicTime {
    max(work.last?.due ?? now, now) + TimeSpan(microseconds: Int64(random.next(upTo: 30_000)) + 500)
  }

  package func nextAnswer() -> CommittingAnswer? {
    while let first = work.first, first.due <= now {
      work.removeFirst()
      perform(first.1)
    }
    return answers.isEmpty ? nil : answers.removeFirst()
  }

  /// The worker dies: what is under way has already happened, or never will.
  package func crash() {
    if let first = work.first, case .batch(let batch) = first.1, random.next(upTo: 1) == 0 {
      cluster.apply(batch)
    }
  }

  private func perform(_ done: Work) {
    switch done {
    case .batch(let batch):
      let isRefused = random.next(upTo: 999) < faults.refused
      if !isRefused { cluster.apply(batch) }
      answers.append(
        .batch(
          CommitAnswer(
            batch: batch,
            results: batch.partitions.map { _ in isRefused ? .notCommitted : .committed },
            fault: isRefused ? "refused by the simulation" : nil)))
    case .recovery(let partitions, let epoch):
      let recovered = partitions.map { partition in
        let state = cluster.partitions[Int(partition)]
        return RecoveredPartition(
          partition: partition, committedOffset: state.committed?.offset,
          metadata: state.committed?.metadata ?? [],
          logStart: 0, logEnd: state.end, startPosition: 0)
      }
      answers.append(.recovery(RecoveryAnswer(epoch: epoch, partitions: recovered)))
    }
  }
}

/// The port over `SimulatedTransactions`.
package struct SimulatedCommitter: CommittingPort, ~Copyable {
  private let transactions: SimulatedTransactions

  package init(_ transactions: SimulatedTransactions) { self.transactions = transactions }

  package mutating func recover(_ partitions: [PartitionIndex], epoch: Epoch) {
    transactions.enqueue(partitions, epoch)
  }
  package mutating func submit(_ batch: consuming CommitBatch) { transactions.enqueue(batch) }
  package mutating func nextAnswer() -> CommittingAnswer? { transactions.nextAnswer() }
}
