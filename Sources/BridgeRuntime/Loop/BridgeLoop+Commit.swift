import BridgeCore

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// Gives the committer the next batch when it is due.
  func submitBatch(at now: Moment) {
    guard engine.batchDue(at: now.monotonic) else { return }
    let (entries, bytes) = outbox.takeBatch()
    let (token, commits) = engine.batchStarted(entries, leftBehind: outbox.count, at: now.monotonic)
    guard !commits.isEmpty else { return }
    committing.submit(CommitBatch(token: token, partitions: commits, outcomes: entries, bytes: bytes))
  }

  func readCommitAnswers(at now: Moment) {
    while let answer = committing.nextAnswer() {
      switch answer {
      case .batch(let answer): batchAnswered(answer, at: now)
      case .recovery(let answer): partitionsRecovered(answer, at: now)
      case .failed(let fault): fail(fault)
      }
    }
  }

  private func batchAnswered(_ answer: CommitAnswer, at now: Moment) {
    notify(
      .batch(
        answer.batch.token, outcomeCount: answer.batch.outcomes.count, results: answer.results,
        fault: answer.fault))
    engine.batchAnswered()
    var returning: Set<PartitionIndex> = []
    var positions: [ReadPosition] = []
    for (commit, result) in zip(answer.batch.partitions, answer.results) {
      let returned =
        result == .notCommitted
        ? answer.batch.outcomes.count { $0.partition == commit.partition && $0.epoch == commit.epoch } : 0
      switch engine.partitionAnswered(commit, result, returned: returned, at: now.monotonic) {
      case .none:
        break
      case .startReading(let partition, let offset):
        positions.append(ReadPosition(partition: partition, offset: offset))
        notifyStarted(partition)
      case .publishAgain(let partition):
        returning.insert(partition)
      case .takenOver(let partition, let freedSlots):
        notify(.partitionTakenOver(partition))
        for slot in freedSlots { slots.giveBack(slot) }
        outbox.removeAll { $0.partition == partition }
      }
    }
    if !returning.isEmpty {
      outbox.putBack(
        answer.batch.outcomes.filter { returning.contains($0.partition) }, bytes: answer.batch.bytes,
        breaking: engine.settings.brokenRule)
    }
    if !positions.isEmpty { intake.start(positions) }
  }
}
