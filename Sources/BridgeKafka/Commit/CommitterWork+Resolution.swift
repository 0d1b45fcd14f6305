import BridgeCore

// What became of a commit that may or may not have happened.
extension CommitterWork {
  /// Asks until there is an answer that counts; nil if it is time to stop.
  mutating func resolve(_ batch: CommitBatch, fault: String) -> CommitAnswer? {
    let partitions = batch.partitions.map(\.partition)
    var reported = false
    while !desk.isOver {
      guard ensureInquirer() else {
        desk.pause(KafkaTimes.slice)
        continue
      }
      switch inquire({ $0.committed(partitions, within: KafkaTimes.slice) }) {
      case .success(let committed):
        let results = zip(batch.partitions, committed).map { commit, found in
          outcome(of: commit, token: batch.token, found: found)
        }
        return CommitAnswer(batch: batch, results: results, fault: fault)
      case .failure(let failure):
        if !reported {
          notices.post(
            KafkaNotice(
              .warning, "waiting to learn what became of a commit", code: failure.code.name,
              detail: failure.text))
          reported = true
        }
        desk.pause(Self.retryPause)
      case nil: break
      }
    }
    return nil
  }

  /// By the token: this batch's, the one before, or somebody else's.
  private func outcome(
    of commit: PartitionCommit, token: WriterToken, found: GroupInquirer.Committed
  ) -> CommitResult {
    let committedToken = found.offset == nil ? nil : tokenOf(found.metadata)
    if committedToken == token { return .committed }
    return committedToken == commit.previousToken ? .notCommitted : .takenOver
  }
}
