import BridgeCore

// What became of a commit that may or may not have happened.
extension CommitterWork {
  /// Asks until there is an answer that counts; nil if it is time to stop.
  mutating func resolve(_ batch: CommitBatch, fault: String, refusedOutcome: Int? = nil) -> CommitAnswer? {
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
          CommitResult(
            of: commit, token: batch.token, found: found.offset == nil ? nil : tokenOf(found.metadata))
        }
        return CommitAnswer(batch: batch, results: results, fault: fault, refusedOutcome: refusedOutcome)
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
}
