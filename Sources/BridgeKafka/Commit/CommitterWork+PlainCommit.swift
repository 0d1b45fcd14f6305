import BridgeCore

// One batch without a transaction: first the outcomes are durable, then one offset commit by the member of the group.
extension CommitterWork {
  mutating func commitPlainly(_ batch: CommitBatch, _ epoch: Epoch) -> CommitAnswer? {
    let desk = desk
    let failure =
      produce { producer -> KafkaFailure? in
        let goesOn = { !desk.isOver }
        if let failure = producer.produce(batch, while: goesOn) {
          return producer.deliveryFailure().map { recordFailure($0, batch) } ?? failure
        }
        guard producer.flush(while: goesOn) else {
          return KafkaFailure(.timedOut, "the outcomes were not delivered in time")
        }
        guard let delivery = producer.deliveryFailure() else { return nil }
        return recordFailure(delivery, batch)
      } ?? nil
    if let failure {
      // What is left in the producer must not come after the outcomes of the next batch.
      dropProducer()
      notices.post(
        KafkaNotice(.warning, "publishing failed", code: failure.code.name, detail: failure.text))
      return answer(
        batch, .notCommitted, fault: failure.description, refusedOutcome: failure.refusedOutcome)
    }
    membership.plainCommits.ask(PlainCommitDesk.Request(epoch: epoch, partitions: batch.partitions))
    guard let result = plainCommitResult() else { return nil }
    switch result {
    case .committed: return answer(batch, .committed, fault: nil)
    case .refused(let code):
      return answer(
        batch, .notCommitted, fault: code.map { "\($0.name): \($0.sentence)" } ?? "the assignment is over")
    case .unanswered:
      // A late copy counts for nothing as soon as the group knows us under a new generation.
      while membership.epoch == epoch {
        guard !desk.isOver else { return nil }
        desk.pause(.milliseconds(50))
      }
      return resolve(batch, fault: "the offset commit was not answered")
    }
  }

  /// Nil if it is time to stop.
  private func plainCommitResult() -> PlainCommitDesk.Result? {
    while true {
      if let result = membership.plainCommits.takeResult() { return result }
      guard !desk.isOver else { return nil }
      membership.plainCommits.answered.wait(atMost: .milliseconds(500))
    }
  }

  private func answer(
    _ batch: CommitBatch, _ result: CommitResult, fault: String?, refusedOutcome: Int? = nil
  ) -> CommitAnswer {
    CommitAnswer(
      batch: batch, results: Array(repeating: result, count: batch.partitions.count), fault: fault,
      refusedOutcome: refusedOutcome)
  }
}
