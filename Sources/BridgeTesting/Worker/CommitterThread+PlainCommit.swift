import BridgeCore

extension CommitterThread {
  /// First the outcomes are durable, then one offset commit by the member.
  func commitPlainly(_ batch: CommitBatch, _ credentials: Group.Credentials) {
    let outcomes = published(batch)
    guard !outcomes.isEmpty else { return commitOffsets(batch, credentials) }
    let broker = cluster.broker
    var produced: Broker.Refusal??
    // When the delivery of one record fails, others of the batch may be there.
    let reached =
      world.happens(world.plan.network.refused) ? Int(world.upTo(Int64(outcomes.count))) : outcomes.count
    let produce = { () -> Broker.Refusal? in
      if let produced { return produced }
      let refusal: Broker.Refusal? = reached == outcomes.count ? nil : .coordinator
      produced = .some(refusal)
      for outcome in outcomes.prefix(reached) { broker.publish(outcome) }
      return refusal
    }
    request(produce) { [self] failure in
      // A producer that is dropped sends nothing later.
      if produced == nil { produced = .some(nil) }
      guard failure == nil else { return finish(.notCommitted, fault: "publishing failed") }
      // Its requests have numbers: a copy does no harm.
      hasUnansweredRequest = false
      commitOffsets(batch, credentials)
    }
  }

  private func commitOffsets(_ batch: CommitBatch, _ credentials: Group.Credentials) {
    guard let epoch = batch.partitions.first?.epoch, member.credentials(for: epoch) != nil,
      member.ownsAssignment || world.plan.brokenRule != nil
    else { return finish(.notCommitted, fault: "the assignment is over") }
    hasUnansweredRequest = false
    let commit = { [cluster] in cluster.broker.commit(credentials, batch.partitions) }
    request(commit) { [self] failure in
      let wasUnanswered = hasUnansweredRequest
      hasUnansweredRequest = false
      if wasUnanswered, world.plan.brokenRule != .keepsMembershipAfterUnansweredCommit {
        // A late copy counts for nothing as soon as the group knows us under a new generation.
        member.void(credentials)
        member.rejoin()
        return resolveInNextEpoch(epoch)
      }
      switch failure {
      case nil: finish(.committed, fault: nil)
      case .silent: resolve(fault: "no answer")
      case .refused(.membership):
        member.void(credentials)
        finish(.notCommitted, fault: "not a member")
      case .refused: finish(.notCommitted, fault: "refused")
      }
    }
  }

  private func resolveInNextEpoch(_ epoch: Epoch) {
    guard member.epoch == epoch, !member.hasLeft else {
      return resolve(fault: "the offset commit was not answered")
    }
    worker.after(50_000) { [self] in resolveInNextEpoch(epoch) }
  }
}
