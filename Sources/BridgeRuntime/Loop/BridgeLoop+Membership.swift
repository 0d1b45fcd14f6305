import BridgeCore

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  func readMembership(at now: Moment) {
    while let event = intake.nextMembershipEvent() {
      switch event {
      case .assigned(let partitions, let epoch):
        notify(.assigned(partitions, epoch))
        tally.rebalanced(.assigned)
        isAssigned = true
        // A worker that is about to leave starts nothing new.
        guard phase == .running else { break }
        let asked = engine.partitionsAssigned(partitions, epoch: epoch)
        if !asked.isEmpty { committing.recover(asked, epoch: epoch) }
      case .revoked(let partitions):
        notify(.revoked(partitions))
        tally.rebalanced(.revoked)
        owesRelease = true
        switch phase {
        case .running: startDrain(.revoked, at: now)
        // The drain under way answers it.
        case .draining: break
        case .leaving, .ended: releaseIfOwed()
        }
      case .lost(let partitions):
        notify(.lost(partitions))
        tally.rebalanced(.lost)
        endAssignment(at: now)
        owesRelease = true
        releaseIfOwed()
        if case .draining(let cause, _) = phase { finishDrain(cause) }
      case .failed(let fault):
        fail(fault)
      }
    }
    if phase == .leaving, intake.hasLeft { phase = .ended(missedDrain ? .drainMissed : .stopped) }
  }

  func partitionsRecovered(_ answer: RecoveryAnswer, at now: Moment) {
    var positions: [ReadPosition] = []
    let withLogFirst = answer.partitions.sorted {
      ($0.committedOffset == nil ? 1 : 0) < ($1.committedOffset == nil ? 1 : 0)
    }
    for recovered in withLogFirst {
      let earlierReason = engine.undecidedReason(of: recovered.partition)
      sight.recovered[recovered.partition] = (recovered.committedOffset, recovered.logEnd)
      switch engine.partitionRecovered(recovered, epoch: answer.epoch, at: now.monotonic) {
      case .read(let offset):
        positions.append(ReadPosition(partition: recovered.partition, offset: offset))
        notifyStarted(recovered.partition)
      case .undecided(.noStartPosition):
        return fail(
          FatalFault(
            .configuration,
            "Nothing is committed for partition \(recovered.partition) and input.start is not set: set it to earliest, latest or an RFC 3339 time."
          ))
      case .undecided(let reason):
        notify(.partitionUndecided(recovered, reason, isReminder: reason == earlierReason))
      case .commitStart, .ignored:
        break
      }
    }
    if !positions.isEmpty { intake.start(positions) }
  }

  /// Somebody may have decided about partitions that are not started.
  func askAgain(at now: Moment) {
    guard phase == .running, let epoch = engine.epoch else { return }
    let asked = engine.partitionsToAskAgain(at: now.monotonic)
    if !asked.isEmpty { committing.recover(asked, epoch: epoch) }
  }

  func notifyStarted(_ partition: PartitionIndex) {
    for slot in 0..<engine.partitionCount where engine.partition(at: slot) == partition {
      if let epoch = engine.epoch { notify(.partitionStarted(engine.view(of: slot), epoch)) }
    }
  }

  // MARK: Draining

  func startDrain(_ cause: DrainCause, at now: Moment) {
    notify(.drainStarted(deadline: drainLimit))
    engine.drainStarted()
    phase = .draining(cause, deadline: now.monotonic + drainLimit)
  }

  /// Goes on with a drain: done, or its time is over.
  func advanceDrain(at now: Moment) {
    guard case .draining(let cause, let deadline) = phase else { return }
    if engine.isDrained {
      notify(.drained(unresolvedCount: engine.totalUnresolvedCount))
      endAssignment(at: now)
      releaseIfOwed()
      finishDrain(cause)
    } else if now.monotonic >= deadline {
      if engine.hasRequestsToFinish {
        // By counted bytes each of them is not sent or ambiguous; the ceiling says so to the next owner.
        notify(.drainMissed(inFlightCount: engine.inFlightCount))
        gateway.abandonAll(at: now)
        readReports(at: now)
        recordOutcomes(at: now)
        submitBatch(at: now)
        phase = .draining(cause, deadline: deadline + finalCommitLimit)
      } else {
        // Outcomes are not durable: whoever reads on takes their records for sent.
        notify(.drainMissed(inFlightCount: 0))
        if cause == .stopping { missedDrain = true }
        endAssignment(at: now)
        releaseIfOwed()
        finishDrain(cause)
      }
    }
  }

  private func releaseIfOwed() {
    guard owesRelease else { return }
    owesRelease = false
    intake.releaseAssignment()
  }

  private func finishDrain(_ cause: DrainCause) {
    switch cause {
    case .revoked:
      phase = .running
    case .stopping:
      phase = .leaving
      intake.leave()
    }
  }

  private func endAssignment(at now: Moment) {
    for slot in engine.assignmentEnded() { slots.giveBack(slot) }
    isAssigned = false
    outbox.removeAll()
  }
}
