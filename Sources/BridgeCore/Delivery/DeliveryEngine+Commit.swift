extension DeliveryEngine {
  /// Whether a batch is to be made now. One is under way at a time: meanwhile outcomes collect.
  package func batchDue(at now: MonotonicTime) -> Bool {
    guard !batchIsUnderWay, now >= batchNotBefore else { return false }
    if unpublishedCount >= DeliveryLimits.outcomesThatStartBatch { return true }
    if let oldestUnpublishedAt, now - oldestUnpublishedAt >= settings.commitInterval || isDraining {
      return true
    }
    if isCommitUrgent(at: now) || partitions.contains(where: \.wantsFinalCommit) { return true }
    return now - lastBatchAt >= DeliveryLimits.idleCommitInterval
      && partitions.contains(where: { $0.canAdvanceIdle })
  }

  /// When a batch is to be made that is not to be made now; the end of the one under way comes by itself.
  func batchDueAt(_ now: MonotonicTime) -> MonotonicTime? {
    guard !batchIsUnderWay else { return nil }
    var time = commitWantedAt(now)
    func consider(_ other: MonotonicTime) { time = time.map { min($0, other) } ?? other }
    if let oldestUnpublishedAt { consider(oldestUnpublishedAt + settings.commitInterval) }
    if partitions.contains(where: \.wantsFinalCommit) { consider(now) }
    if partitions.contains(where: { $0.canAdvanceIdle }) {
      consider(lastBatchAt + DeliveryLimits.idleCommitInterval)
    }
    return time.map { max($0, batchNotBefore) }
  }

  /// A partition cannot start, or requests that could be under way wait for the ceiling to rise. While the line is open
  /// and other heads are ready for them the next batch is early enough.
  private func isCommitUrgent(at now: MonotonicTime) -> Bool {
    let lacksHeads = ready.count < settings.inFlightLimit || gate.admission(at: now) != .open
    return partitions.contains { ($0.phase == .starting || lacksHeads) && wantsCommit($0, at: now) }
  }

  private func wantsCommit(_ partition: AssignedPartition, at now: MonotonicTime) -> Bool {
    switch partition.phase {
    case .starting: true
    case .active: !partition.atCeiling.isEmpty && mayRaiseCeiling(at: now)
    case .draining, .recovering, .undecided: false
    }
  }

  /// Under `report` whatever lies below the ceiling is in doubt after a crash: it is not raised for what cannot be
  /// sent now.
  private func mayRaiseCeiling(at now: MonotonicTime) -> Bool {
    switch settings.ambiguousPolicy {
    case .resend: true
    case .report: holdsLease(at: now) && headsWanted(at: now) > 0
    }
  }

  /// How many heads could be sent now.
  private func headsWanted(at now: MonotonicTime) -> Int {
    switch gate.admission(at: now) {
    case .open: settings.inFlightLimit
    case .freshProbe: hasFreshLane ? 0 : 1
    case .probe: ready.isEmpty ? 1 : 0
    case .closed: 0
    }
  }

  /// When a commit is wanted again that is not wanted now.
  private func commitWantedAt(_ now: MonotonicTime) -> MonotonicTime? {
    if isCommitUrgent(at: now) { return now }
    guard partitions.contains(where: { $0.phase == .active && !$0.atCeiling.isEmpty }) else { return nil }
    return holdsLease(at: now) ? gate.opensAt(now) : now + DeliveryLimits.leaseLookInterval
  }

  private var isDraining: Bool { partitions.contains { $0.phase == .draining } }

  /// Makes the commits for a batch that carries `outcomes`, all current, a prefix of what waits.
  package mutating func batchStarted(
    _ outcomes: [OutcomeEntry], leftBehind: Int, at now: MonotonicTime
  ) -> (WriterToken, [PartitionCommit]) {
    precondition(!batchIsUnderWay, "one batch at a time")
    batchCounter &+= 1
    let token = WriterToken(process: processToken, counter: batchCounter)
    for outcome in outcomes {
      guard let slot = index(of: outcome.partition) else { preconditionFailure("outcomes are current") }
      partitions[slot].ledger.include(outcome.ledgerEntry)
      partitions[slot].unpublishedCount -= 1
      partitions[slot].isInBatch = true
    }
    unpublishedCount = leftBehind
    oldestUnpublishedAt = leftBehind > 0 ? now : nil
    var commits: [PartitionCommit] = []
    for slot in partitions.indices {
      let mayFinish = partitions[slot].wantsFinalCommit && partitions[slot].unpublishedCount == 0
      guard
        partitions[slot].isInBatch || wantsCommit(partitions[slot], at: now)
          || partitions[slot].canAdvanceIdle
          || mayFinish
      else { continue }
      commits.append(propose(slot, token: token, isFinal: mayFinish, at: now))
    }
    batchIsUnderWay = !commits.isEmpty
    lastBatchAt = now
    return (token, commits)
  }

  private mutating func propose(
    _ slot: Int, token: WriterToken, isFinal: Bool, at now: MonotonicTime
  ) -> PartitionCommit {
    partitions[slot].isInBatch = true
    let previousToken = partitions[slot].ledger.token
    let log: RecoveryLog
    if isFinal {
      partitions[slot].isFinal = true
      log = partitions[slot].ledger.proposeFinal(
        token: token, firstPartitionCount: firstPartitionCount, validityFingerprint: fingerprint(slot),
        breaking: settings.brokenRule)
    } else {
      let raised = partitions[slot].phase == .active ? wantedCeiling(slot, at: now) : 0
      log = partitions[slot].ledger.propose(
        token: token, raisedTo: raised, firstPartitionCount: firstPartitionCount,
        validityFingerprint: fingerprint(slot), breaking: settings.brokenRule)
      if settings.brokenRule == .raisesCeilingBeforeCommit { releaseAtCeiling(slot) }
    }
    guard let metadata = RecoveryLogCodec.encode(log, limit: settings.recoveryLogLimits.characters)
    else {
      preconditionFailure("the window's limits keep a recovery log within Kafka's")
    }
    return PartitionCommit(
      partition: partitions[slot].partition, epoch: partitions[slot].epoch,
      committedOffset: log.committedOffset, metadata: metadata, previousToken: previousToken)
  }

  private func fingerprint(_ slot: Int) -> UInt32 {
    guard let inherited = partitions[slot].ledger.inheritedFingerprint,
      partitions[slot].ledger.committedOffset < partitions[slot].ledger.inheritedCeiling
    else {
      return settings.recordedFingerprint
    }
    return settings.fingerprint(mixedWith: inherited)
  }

  /// K covers what will probably be sent until the commit after this one is durable, and no more: a crash makes
  /// everything below it ambiguous.
  private mutating func wantedCeiling(_ slot: Int, at now: MonotonicTime) -> RecordOffset {
    switch settings.ambiguousPolicy {
    case .resend: ceilingAhead(slot, at: now)
    // What is sent next, and nothing else: a crash makes it in doubt.
    case .report: mayRaiseCeiling(at: now) ? ceilingForHeads(slot, headsWanted(at: now)) ?? 0 : 0
    }
  }

  private mutating func ceilingAhead(_ slot: Int, at now: MonotonicTime) -> RecordOffset {
    partitions[slot].arrivals.measure(over: settings.commitInterval, at: now)
    partitions[slot].starts.measure(over: settings.commitInterval, at: now)
    let span = nextButOneCommitSpan
    let share = max(DeliveryLimits.ceilingReserveBase, settings.inFlightLimit / partitions.count)
    let wanted = min(DeliveryLimits.ceilingReserve, share + partitions[slot].starts.expected(in: span))
    let ahead = partitions[slot].ledger.ceiling(
      for: wanted, arrivalCount: RecordOffset(2 * partitions[slot].arrivals.expected(in: span)))
    return max(ahead, ceilingForHeads(slot, wanted) ?? 0)
  }

  /// From making a commit until the one after it is durable: so long its ceiling has to last.
  private var nextButOneCommitSpan: TimeSpan { max(settings.commitInterval, batchTime) + batchTime }

  /// Where one conversation has many records in front, heads of others would wait at the ceiling: it is raised for
  /// as many of them as are wanted.
  private func ceilingForHeads(_ slot: Int, _ wanted: Int) -> RecordOffset? {
    var waiting: [RecordOffset] = []
    partitions[slot].atCeiling.visitAll { ticket in
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .atCeiling else { return }
      waiting.append(tickets[Int(ticket.index)].offset)
    }
    guard !waiting.isEmpty else { return nil }
    let sendable = partitions[slot].lanes.openCount - partitions[slot].inFlightCount - waiting.count
    let missing = max(1, wanted - max(sendable, 0))
    waiting.sort()
    return waiting[min(missing, waiting.count) - 1] + 1
  }

  /// What a batch's answer means for one of its partitions.
  package enum CommitConsequence: Equatable, Sendable {
    case none
    /// The start position is durable: the partition is read from there.
    case startReading(PartitionIndex, from: RecordOffset)
    /// Its outcomes go back to the front of what waits.
    case publishAgain(PartitionIndex)
    /// Somebody else owns it; the slots are free.
    case takenOver(PartitionIndex, freedSlots: [Int32])
  }

  /// The batch under way is answered; called once per batch, then `partitionAnswered` per part.
  package mutating func batchAnswered(at now: MonotonicTime) {
    precondition(batchIsUnderWay, "a batch is answered once")
    batchIsUnderWay = false
    batchTime = min(
      max(now - lastBatchAt, TimeSpan(microseconds: batchTime.microseconds * 3 / 4)),
      DeliveryLimits.batchTimeAhead)
  }

  /// Kafka takes an outcome in no form: the line stops, and the batch is tried again from time to time.
  package mutating func outcomeRefused(of partition: PartitionIndex, at now: MonotonicTime) {
    refusedOutcomePartition = partition
    batchNotBefore = now + DeliveryLimits.refusedOutcomeDelay
  }

  /// `returned`: how many outcomes of the part go back if it was not committed.
  package mutating func partitionAnswered(
    _ commit: PartitionCommit, _ result: CommitResult, returned: Int, at now: Moment
  ) -> CommitConsequence {
    guard let slot = index(of: commit.partition), partitions[slot].epoch == commit.epoch,
      partitions[slot].isInBatch
    else { return .none }
    partitions[slot].isInBatch = false
    switch result {
    case .committed:
      refusedOutcomePartition = nil
      proposalCommitted(slot, at: now)
      releaseAtCeiling(slot)
      guard partitions[slot].phase == .starting else { return .none }
      partitions[slot].phase = .active
      return .startReading(commit.partition, from: commit.committedOffset)
    case .notCommitted:
      partitions[slot].ledger.proposalRefused()
      batchNotBefore = now.monotonic + DeliveryLimits.refusedCommitDelay
      partitions[slot].unpublishedCount += returned
      unpublishedCount += returned
      if returned > 0 {
        oldestUnpublishedAt = min(oldestUnpublishedAt ?? now.monotonic, now.monotonic)
      }
      if partitions[slot].phase == .draining { partitions[slot].isFinal = false }
      return .publishAgain(commit.partition)
    case .takenOver:
      return .takenOver(commit.partition, freedSlots: partitionTakenOver(slot))
    }
  }

  private mutating func proposalCommitted(_ slot: Int, at now: Moment) {
    guard !partitions[slot].heldLanes.isEmpty else { return partitions[slot].ledger.proposalCommitted() }
    var published: [Int32] = []
    partitions[slot].ledger.proposalCommitted { published.append($0) }
    for entry in published {
      guard let lane = partitions[slot].heldLanes.removeValue(forKey: entry),
        let next = partitions[slot].lanes.release(lane)
      else { continue }
      becomeHead(next, at: now)
    }
  }

  private mutating func releaseAtCeiling(_ slot: Int) {
    for _ in 0..<partitions[slot].atCeiling.count {
      guard let ticket = partitions[slot].atCeiling.popFirst() else { return }
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .atCeiling else { continue }
      makeReady(ticket)
    }
  }
}
