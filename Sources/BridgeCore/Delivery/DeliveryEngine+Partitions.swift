extension DeliveryEngine {
  /// What is to be done with a partition whose committed state is known.
  package enum StartDecision: Equatable, Sendable {
    case read(from: RecordOffset)
    /// Its start position has to be durable first; `startsCommitted` names it then.
    case commitStart
    case undecided(UndecidedReason)
    /// An answer for an older assignment.
    case ignored
  }

  /// Returns every partition whose committed state is to be asked: those of an earlier assignment that still wait for
  /// the answer, or for a decision, as well, since a newer question takes the place of an older one.
  package mutating func partitionsAssigned(
    _ assigned: [PartitionIndex], epoch: Epoch
  ) -> [PartitionIndex] {
    for slot in partitions.indices where partitions[slot].isToBeAsked { partitions[slot].epoch = epoch }
    for partition in assigned where index(of: partition) == nil {
      partitions.append(AssignedPartition(partition: partition, epoch: epoch))
    }
    askAgainAt = nil
    return partitions.filter(\.isToBeAsked).map(\.partition)
  }

  /// Partitions that are not started and are to be asked about again now; a question about others goes first.
  package mutating func partitionsToAskAgain(at now: MonotonicTime) -> [PartitionIndex] {
    guard let time = askAgainAt, now >= time else { return [] }
    guard !partitions.contains(where: { $0.phase == .recovering }) else {
      askAgainAt = now + DeliveryLimits.decisionLookInterval
      return []
    }
    askAgainAt = nil
    return partitions.filter(\.awaitsDecision).map(\.partition)
  }

  /// Why a partition was not started so far.
  package func undecidedReason(of partition: PartitionIndex) -> UndecidedReason? {
    index(of: partition).flatMap { view(of: $0).undecided }
  }

  /// Partitions with a recovery log are to be told before those without one: their logs say which partitions were
  /// there when the group first started.
  package mutating func partitionRecovered(
    _ recovered: RecoveredPartition, epoch: Epoch, at now: MonotonicTime
  ) -> StartDecision {
    guard let slot = index(of: recovered.partition), partitions[slot].epoch == epoch,
      partitions[slot].isToBeAsked
    else { return .ignored }
    switch recovered.standing(within: settings.recoveryLogLimits.characters) {
    case .undecided(let reason): return undecided(slot, reason, at: now)
    case .fresh:
      let wasAddedLater = recovered.partition >= firstPartitionCount
      guard let start = wasAddedLater ? recovered.logStart : recovered.startPosition else {
        return undecided(slot, .noStartPosition, at: now)
      }
      partitions[slot].ledger = PartitionLedger(startingAt: start)
      partitions[slot].phase = .starting
      return .commitStart
    case .continues(let log):
      continuePartition(slot, from: log, at: now)
      return .read(from: log.committedOffset)
    }
  }

  private mutating func continuePartition(_ slot: Int, from log: RecoveryLog, at now: MonotonicTime) {
    if log.firstPartitionCount > 0 { firstPartitionCount = log.firstPartitionCount }
    partitions[slot].ledger = PartitionLedger(recovered: log)
    if settings.predecessorMayHoldLease, log.ceiling > log.committedOffset {
      predecessorLeaseEnds = now + settings.leaseSpan
    }
    partitions[slot].predecessorKeptValidity = settings.keepsValidity(log.validityFingerprint)
    partitions[slot].predecessorSentSingly = settings.wasSentSingly(log.validityFingerprint)
    partitions[slot].phase = .active
  }

  private mutating func undecided(
    _ slot: Int, _ reason: UndecidedReason, at now: MonotonicTime
  ) -> StartDecision {
    partitions[slot].phase = .undecided(reason)
    if reason.mayBeDecided { askAgainAt = now + DeliveryLimits.decisionLookInterval }
    return .undecided(reason)
  }

  /// No further request is sent for any partition; what is under way ends.
  package mutating func drainStarted() {
    for slot in partitions.indices {
      switch partitions[slot].phase {
      case .active: partitions[slot].phase = .draining
      // Not one record was taken: nothing to finish.
      case .starting, .recovering:
        partitions[slot].phase = .draining
        partitions[slot].isFinal = true
      // Whatever is decided from now on is the next owner's affair.
      case .undecided where partitions[slot].awaitsDecision:
        partitions[slot].phase = .draining
        partitions[slot].isFinal = true
      case .draining, .undecided: break
      }
    }
    askAgainAt = nil
  }

  /// Every request has ended and every outcome is durable, the last recovery log too.
  package var isDrained: Bool {
    !batchIsUnderWay
      && partitions.allSatisfy {
        guard $0.phase == .draining else { return true }
        return $0.inFlightCount == 0 && $0.unpublishedCount == 0 && $0.isFinal
      }
  }

  /// Requests of draining partitions are still under way.
  package var hasRequestsToFinish: Bool { partitions.contains { $0.inFlightCount > 0 } }

  /// The assignment is over, drained or not: its records are forgotten. Says which slots are free.
  package mutating func assignmentEnded() -> [Int32] {
    var freed: [Int32] = []
    for slot in partitions.indices { forgetTickets(of: slot, freed: &freed) }
    partitions = []
    askAgainAt = nil
    unpublishedCount = 0
    oldestUnpublishedAt = nil
    refusedOutcomePartition = nil
    batchNotBefore = .distantPast
    ready.removeAll()
    suspects.removeAll()
    resolved.removeAll()
    return freed
  }

  /// Somebody else owns this partition now.
  mutating func partitionTakenOver(_ slot: Int) -> [Int32] {
    var freed: [Int32] = []
    forgetTickets(of: slot, freed: &freed)
    unpublishedCount -= partitions[slot].unpublishedCount
    if unpublishedCount == 0 { oldestUnpublishedAt = nil }
    let lost = partitions[slot]
    if refusedOutcomePartition == lost.partition { refusedOutcomePartition = nil }
    partitions[slot] = AssignedPartition(partition: lost.partition, epoch: lost.epoch)
    partitions[slot].phase = .undecided(.takenOver)
    return freed
  }

  private mutating func forgetTickets(of slot: Int, freed: inout [Int32]) {
    for index in tickets.indices where tickets[index].phase != .free && tickets[index].partition == slot {
      let ticket = Ticket(index: Int32(index), generation: tickets[index].generation)
      let place = place(of: ticket)
      if tickets[index].phase == .inFlight { oldAttempts[ticket] = place }
      if besideOldAttempts[place] == ticket { besideOldAttempts[place] = nil }
      free(Int32(index))
      freed.append(Int32(index))
    }
  }

  mutating func free(_ index: Int32) {
    bufferedByteCount -= tickets[Int(index)].byteCount
    let slot = Int(tickets[Int(index)].partition)
    partitions[slot].byteCount -= tickets[Int(index)].byteCount
    tickets[Int(index)].phase = .free
  }

  // MARK: Looking

  package var partitionCount: Int { partitions.count }

  package var totalUnresolvedCount: Int { partitions.reduce(0) { $0 + $1.ledger.unresolvedCount } }

  package var epoch: Epoch? { partitions.first?.epoch }

  /// What one partition looks like from outside.
  package struct PartitionView: Sendable {
    package var partition: PartitionIndex
    package var committedOffset: RecordOffset
    package var ceiling: RecordOffset
    package var highestDelivered: RecordOffset
    package var unresolvedCount: Int
    package var unpublishedCount: Int
    package var inFlightCount: Int
    package var ambiguousCount: Int
    package var isReading: Bool
    package var undecided: UndecidedReason?
  }

  package func view(of slot: Int) -> PartitionView {
    let partition = partitions[slot]
    var undecided: UndecidedReason?
    if case .undecided(let reason) = partition.phase { undecided = reason }
    return PartitionView(
      partition: partition.partition, committedOffset: partition.ledger.committedOffset,
      ceiling: partition.ledger.ceiling, highestDelivered: partition.ledger.highestDelivered,
      unresolvedCount: partition.ledger.unresolvedCount, unpublishedCount: partition.unpublishedCount,
      inFlightCount: partition.inFlightCount, ambiguousCount: partition.ledger.ambiguousCount,
      isReading: partition.phase == .active, undecided: undecided)
  }
}
