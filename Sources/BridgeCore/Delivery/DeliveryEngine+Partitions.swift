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
  /// the answer as well, since a newer question takes the place of an older one.
  package mutating func partitionsAssigned(
    _ assigned: [PartitionIndex], epoch: Epoch
  ) -> [PartitionIndex] {
    for slot in partitions.indices where partitions[slot].phase == .recovering {
      partitions[slot].epoch = epoch
    }
    for partition in assigned where index(of: partition) == nil {
      partitions.append(AssignedPartition(partition: partition, epoch: epoch))
    }
    return partitions.filter { $0.phase == .recovering }.map(\.partition)
  }

  /// Partitions with a recovery log are to be told before those without one: their logs say which partitions were
  /// there when the group first started.
  package mutating func partitionRecovered(
    _ recovered: RecoveredPartition, epoch: Epoch, at now: MonotonicTime
  ) -> StartDecision {
    guard let slot = index(of: recovered.partition), partitions[slot].epoch == epoch,
      partitions[slot].phase == .recovering
    else { return .ignored }
    guard let committed = recovered.committedOffset else {
      let wasAddedLater = recovered.partition >= firstPartitionCount
      guard let start = wasAddedLater ? recovered.logStart : recovered.startPosition else {
        return undecided(slot, .noStartPosition)
      }
      partitions[slot].ledger = PartitionLedger(startingAt: start)
      partitions[slot].phase = .starting
      return .commitStart
    }
    guard !recovered.metadata.isEmpty else { return undecided(slot, .foreignOffset) }
    guard let log = RecoveryLogCodec.decode(recovered.metadata), log.committedOffset == committed else {
      return undecided(slot, .damagedRecoveryLog)
    }
    guard committed <= recovered.logEnd, (log.highestPublished ?? committed) <= recovered.logEnd else {
      return undecided(slot, .beyondEndOfLog)
    }
    if log.firstPartitionCount > 0 { firstPartitionCount = log.firstPartitionCount }
    partitions[slot].ledger = PartitionLedger(recovered: log)
    if settings.predecessorMayHoldLease, log.ceiling > committed {
      predecessorLeaseEnds = now + settings.leaseSpan
    }
    partitions[slot].predecessorKeptValidity = settings.keepsValidity(log.validityFingerprint)
    partitions[slot].predecessorSentSingly = settings.wasSentSingly(log.validityFingerprint)
    partitions[slot].phase = .active
    return .read(from: committed)
  }

  private mutating func undecided(_ slot: Int, _ reason: UndecidedReason) -> StartDecision {
    partitions[slot].phase = .undecided(reason)
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
      case .draining, .undecided: break
      }
    }
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
    unpublishedCount = 0
    oldestUnpublishedAt = nil
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
