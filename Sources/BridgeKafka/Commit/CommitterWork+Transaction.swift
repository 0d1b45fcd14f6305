import BridgeCore

// One batch: outcomes and recovery log in one transaction.
extension CommitterWork {
  /// The answer, or nil if it is time to stop. An unclear commit is not answered before it is clear.
  mutating func commit(_ batch: CommitBatch) -> CommitAnswer? {
    guard let epoch = batch.partitions.first?.epoch,
      batch.partitions.allSatisfy({ $0.epoch == epoch }),
      let credentials = membership.credentials(for: epoch)
    else { return refused(batch) }
    guard ensureProducer() else { return nil }
    switch settings.guarantee {
    case .exactlyOnce: return commitTransaction(batch, credentials)
    case .atLeastOnce: return commitPlainly(batch, epoch)
    }
  }

  /// Nothing was sent: the member may not commit for these partitions at present.
  private func refused(_ batch: CommitBatch) -> CommitAnswer {
    desk.pause(Self.retryPause)
    return CommitAnswer(
      batch: batch, results: Array(repeating: .notCommitted, count: batch.partitions.count),
      fault: "the group membership of these partitions is not valid")
  }

  private mutating func commitTransaction(
    _ batch: CommitBatch, _ credentials: [UInt8]
  ) -> CommitAnswer? {
    let begunAt = MonotonicTime.now
    let failure = produce { producer in transact(batch, credentials, with: producer) } ?? nil
    guard let failure else {
      conduct.committed()
      return CommitAnswer(
        batch: batch, results: Array(repeating: .committed, count: batch.partitions.count))
    }
    notices.post(
      KafkaNotice(.warning, "transaction failed", code: failure.code.name, detail: failure.text))
    if failure.code.isMembershipRefusal { membership.void(credentials) }
    let isFenced = failure.code.isFencing
    if isFenced, isOusted(begunAt) { return nil }
    endFailedTransaction(
      needsNewProducer: failure.isFatal || isFenced || hasUnansweredRequest || forbidsAbort)
    // A new producer ends the old one's transaction before it is asked what became of it.
    guard ensureProducer() else { return nil }
    return resolve(batch, fault: failure.description, refusedOutcome: failure.refusedOutcome)
  }

  /// Nil if everything was committed.
  private func transact(
    _ batch: CommitBatch, _ credentials: [UInt8], with producer: borrowing OutcomeProducer
  ) -> KafkaFailure? {
    let desk = desk
    let goesOn = { !desk.isOver }
    if let failure = producer.begin(while: goesOn) { return failure }
    if let failure = producer.produce(batch, while: goesOn) {
      return producer.deliveryFailure().map { recordFailure($0, batch) } ?? failure
    }
    let sent = producer.sendOffsets(
      batch.partitions, of: settings.inputTopic, as: credentials, while: goesOn)
    if let sent { return sent }
    let failure = producer.commit(while: goesOn)
    guard let failure else { return nil }
    guard let delivery = producer.deliveryFailure(), delivery.code.isRecordRefusal else { return failure }
    return recordFailure(delivery, batch)
  }

  /// Names the record. Every later batch with it as it is would fail as well.
  func recordFailure(_ delivery: ClientObserver.DeliveryFailure, _ batch: CommitBatch) -> KafkaFailure {
    let code = delivery.code
    guard batch.outcomes.indices.contains(delivery.outcome) else {
      return KafkaFailure(code, code.sentence)
    }
    let outcome = batch.outcomes[delivery.outcome]
    let text = "outcome of partition \(outcome.partition) offset \(outcome.offset): \(code.sentence)"
    var failure = KafkaFailure(code, text)
    if code.isRecordRefusal {
      notices.post(
        KafkaNotice(
          .error, "an outcome was refused by kafka", code: code.name, partition: outcome.partition,
          detail: text))
      failure.refusedOutcome = delivery.outcome
    }
    return failure
  }

  private var hasUnansweredRequest: Bool { produce { $0.hasUnansweredRequest } ?? true }

  private var forbidsAbort: Bool { produce { $0.forbidsAbort } ?? true }

  private mutating func endFailedTransaction(needsNewProducer: Bool) {
    let desk = desk
    switch conduct.failed(needsNewProducer: needsNewProducer) {
    case .newProducer: dropProducer()
    case .abort(let renews):
      let isAborted = produce { $0.abort(while: { !desk.isOver }) == nil } ?? false
      if !isAborted || renews { dropProducer() }
    }
  }

  /// Somebody else keeps taking our transactional id; at random one of the two ends first.
  private mutating func isOusted(_ begunAt: MonotonicTime) -> Bool {
    let isOusted = conduct.wasFenced(
      begunAt: begunAt, now: .now, hasUnansweredRequest: hasUnansweredRequest,
      transactionTimeout: KafkaTimes.transactionTimeout)
    guard isOusted else { return false }
    dropProducer()
    desk.pause(.seconds(Int64.random(in: 10...30)))
    desk.answer(
      .failed(
        FatalFault(
          .identityInUse,
          "Another process uses transactional id \(settings.transactionalID); give each its own kafka.instance."
        )))
    return true
  }
}
