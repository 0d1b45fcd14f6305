/// How a committer goes on after a transaction that failed. Pure: who performs the calls tells what they said.
package struct TransactionConduct: Sendable {
  /// What ends a failed transaction.
  package enum Ending: Equatable, Sendable {
    /// The producer goes, whatever is open with it.
    case newProducer
    /// If the abort fails as well, or `renews`, the producer goes afterwards.
    case abort(renews: Bool)
  }

  private var failedInARow = 0
  /// When others took our transactional id, within the last minute.
  private var fencedAt: [MonotonicTime] = []

  /// So many failures in a row, and the producer goes whatever they were.
  static let failureLimit = 2
  static let fencingLimit = 3
  static let fencingWindow = TimeSpan.seconds(60)

  package init() {}

  package mutating func committed() { failedInARow = 0 }

  /// `needsNewProducer`: the failure is fatal or a fencing, or one of the producer's requests is without an answer. A
  /// late copy of that would change the next transaction.
  package mutating func failed(needsNewProducer: Bool) -> Ending {
    failedInARow += 1
    return needsNewProducer ? .newProducer : .abort(renews: failedInARow >= Self.failureLimit)
  }

  /// Says whether somebody else keeps taking our transactional id: fenced again and again, although the transaction
  /// was young and no request went astray. The two would go on fencing each other.
  package mutating func wasFenced(
    begunAt: MonotonicTime, now: MonotonicTime, hasUnansweredRequest: Bool, transactionTimeout: TimeSpan
  ) -> Bool {
    guard now - begunAt < transactionTimeout, !hasUnansweredRequest else { return false }
    fencedAt.removeAll { now - $0 > Self.fencingWindow }
    fencedAt.append(now)
    return fencedAt.count >= Self.fencingLimit
  }
}

extension CommitResult {
  /// What became of a partition's part of a batch with `token`, by the token that is found committed now (nil if there
  /// is none, or none of ours): this batch's, the one before, or somebody else's.
  package init(of commit: PartitionCommit, token: WriterToken, found: WriterToken?) {
    if found == token {
      self = .committed
    } else {
      self = found == commit.previousToken ? .notCommitted : .takenOver
    }
  }
}
