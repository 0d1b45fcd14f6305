import BridgeCore

extension CommitterThread {
  func commitTransaction(_ batch: CommitBatch, _ credentials: Group.Credentials) {
    let begunAt = world.moment.monotonic
    let broker = cluster.broker
    let id = worker.transactionalID
    let epoch = producerEpoch
    let outcomes = published(batch)
    let failed: (Failure) -> Void = { [self] in transactionFailed($0, credentials, begunAt: begunAt) }
    let end = { [self] in
      worker.reached(.end)
      let endTransaction = { broker.end(id, epoch, commits: true) }
      request(endTransaction) { [self] failure in
        if let failure { return failed(failure) }
        conduct.committed()
        finish(.committed, fault: nil)
      }
    }
    let sendOffsets = { [self] in
      let addGroup = { broker.addGroup(id, epoch) }
      request(addGroup) { [self] failure in
        if let failure { return failed(failure) }
        let addOffsets = { broker.addOffsets(id, epoch, credentials, batch.partitions) }
        request(addOffsets) { failure in
          if let failure { failed(failure) } else { end() }
        }
      }
    }
    guard !outcomes.isEmpty else { return sendOffsets() }
    let addPartitions = { broker.open(id, epoch) }
    request(addPartitions) { [self] failure in
      if let failure { return failed(failure) }
      // Records have numbers: a copy of them is recognised.
      var produced: Broker.Refusal??
      let produce = { () -> Broker.Refusal? in
        if let produced { return produced }
        let refusal = broker.produce(id, epoch, outcomes)
        produced = .some(refusal)
        return refusal
      }
      request(produce) { failure in
        if let failure { failed(failure) } else { sendOffsets() }
      }
    }
  }

  private func transactionFailed(
    _ failure: Failure, _ credentials: Group.Credentials, begunAt: MonotonicTime
  ) {
    world.note("w\(worker.number) transaction failed: \(failure)")
    if isSilent(failure), world.plan.brokenRule == .takesSilenceForRefusal {
      return endTransaction(failure) { [self] in finish(.notCommitted, fault: "no answer") }
    }
    if isSilent(failure), world.plan.brokenRule == .takesSilenceForCommit {
      return endTransaction(failure) { [self] in finish(.committed, fault: nil) }
    }
    if isMembershipRefusal(failure) { member.void(credentials) }
    if isFencing(failure),
      conduct.wasFenced(
        begunAt: begunAt, now: world.moment.monotonic, hasUnansweredRequest: hasUnansweredRequest,
        transactionTimeout: TimeSpan(microseconds: Broker.transactionTimeout))
    {
      return answerOusted()
    }
    endTransaction(failure) { [self] in
      // A new producer ends the old one's transaction before it is asked what became of it.
      prepare { [self] in resolve(fault: "\(failure)") }
    }
  }

  private func endTransaction(_ failure: Failure, then goOn: @escaping () -> Void) {
    let ending = conduct.failed(
      needsNewProducer: isFencing(failure) || isSpoiled)
    switch ending {
    case .newProducer:
      dropProducer()
      goOn()
    case .abort(let renews):
      let id = worker.transactionalID
      let epoch = producerEpoch
      let abort = { [cluster] in cluster.broker.end(id, epoch, commits: false) }
      request(abort) { [self] failure in
        // Nothing to abort is as good as aborted.
        switch failure {
        case nil, .refused(.state): if renews { dropProducer() }
        case .refused, .silent: dropProducer()
        }
        goOn()
      }
    }
  }

  private var isSpoiled: Bool {
    hasUnansweredRequest && world.plan.brokenRule != .keepsProducerWithUnansweredRequest
  }

  private func isSilent(_ failure: Failure) -> Bool {
    switch failure {
    case .silent: true
    case .refused: false
    }
  }

  private func isFencing(_ failure: Failure) -> Bool {
    switch failure {
    case .refused(.fenced): true
    case .refused, .silent: false
    }
  }

  private func isMembershipRefusal(_ failure: Failure) -> Bool {
    switch failure {
    case .refused(.membership): true
    case .refused, .silent: false
    }
  }
}
