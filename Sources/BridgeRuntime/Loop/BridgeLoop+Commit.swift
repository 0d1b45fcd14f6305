import BridgeCore
import Outcomes

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// Gives the committer the next batch when it is due.
  func submitBatch(at now: Moment) {
    guard engine.batchDue(at: now.monotonic) else { return }
    let (entries, bytes) = outbox.takeBatch()
    let (token, commits) = engine.batchStarted(entries, leftBehind: outbox.count, at: now.monotonic)
    guard !commits.isEmpty else { return }
    sight.batchStarted(at: now.monotonic)
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
    let result = BatchResult(of: answer.results)
    let outcomeCount = answer.batch.outcomes.count
    let duration = sight.batchEnded(result, outcomeCount: outcomeCount, at: now)
    tally.batchEnded(
      result, duration: duration, publishedCount: result == .committed ? outcomeCount : 0)
    engine.batchAnswered(at: now.monotonic)
    var returning: Set<PartitionIndex> = []
    var positions: [ReadPosition] = []
    for (commit, result) in zip(answer.batch.partitions, answer.results) {
      let returned =
        result == .notCommitted
        ? answer.batch.outcomes.count { $0.partition == commit.partition && $0.epoch == commit.epoch } : 0
      switch engine.partitionAnswered(commit, result, returned: returned, at: now) {
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
      var batch = answer.batch
      // One of a partition that is not ours any more is its new owner's affair.
      if let refused = answer.refusedOutcome, returning.contains(batch.outcomes[refused].partition) {
        shorten(refused, in: &batch, at: now)
      }
      outbox.putBack(
        batch.outcomes.filter { returning.contains($0.partition) }, bytes: batch.bytes,
        breaking: engine.settings.brokenRule)
    }
    if !positions.isEmpty { intake.start(positions) }
  }

  /// Kafka does not want this outcome: it is published in its minimal form. If it does not want that either, nothing
  /// can be done but to wait and to say so: an outcome is never dropped, and those behind it keep their order.
  private func shorten(_ index: Int, in batch: inout CommitBatch, at now: Moment) {
    let refused = batch.outcomes[index]
    var entries: [OutcomeEntry] = []
    var bytes: [UInt8] = []
    entries.reserveCapacity(batch.outcomes.count)
    bytes.reserveCapacity(batch.bytes.count)
    var isShortened = false
    for (place, entry) in batch.outcomes.enumerated() {
      if place == index, !entry.isMinimal,
        var minimal = MinimalOutcome.append(entry, from: batch.bytes, to: &bytes)
      {
        minimal.isMinimal = true
        isShortened = true
        entries.append(minimal)
      } else {
        entries.append(entry.copied(from: batch.bytes, to: &bytes))
      }
    }
    batch.outcomes = entries
    batch.bytes = bytes
    if !isShortened { engine.outcomeRefused(of: refused.partition, at: now.monotonic) }
    notify(.outcomeRefused(refused.partition, refused.offset, isFinal: !isShortened))
  }
}
