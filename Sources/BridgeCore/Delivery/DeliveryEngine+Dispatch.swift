extension DeliveryEngine {
  /// The next record to be sent, if any may be. It is to be followed by `attemptStarted` or `dispatchReturned`.
  package mutating func nextDispatch(at now: Moment) -> Ticket? {
    guard !isPublishingHalted, !isPaused, inFlightCount < settings.inFlightLimit,
      gate.admits(at: now.monotonic),
      holdsLease(at: now.monotonic)
    else { return nil }
    while let ticket = ready.popFirst() {
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .ready else { continue }
      let slot = Int(tickets[Int(ticket.index)].partition)
      guard partitions[slot].phase == .active || settings.brokenRule == .sendsWhileDraining else {
        tickets[Int(ticket.index)].phase = .parked
        continue
      }
      precondition(
        tickets[Int(ticket.index)].offset < partitions[slot].ledger.ownCeiling
          || settings.brokenRule != nil,
        "nothing at or above the durable ceiling is sent")
      return ticket
    }
    return nil
  }

  /// Under `report`: a heartbeat sent at `time` proves that the group counted on this member.
  package mutating func membershipProven(at time: MonotonicTime?) { membershipProvenAt = time }

  /// Whether a request that is sent now ends before the group can give the partition to somebody else.
  func holdsLease(at now: MonotonicTime) -> Bool {
    guard settings.ambiguousPolicy == .report, settings.brokenRule != .sendsWithoutLease else { return true }
    if let predecessorLeaseEnds, now < predecessorLeaseEnds { return false }
    return membershipProvenAt.map { now - $0 < settings.leaseSpan } ?? false
  }

  /// The record could not be sent now: it stays first.
  package mutating func dispatchReturned(_ ticket: Ticket) { ready.prepend(ticket) }

  /// The request of this record is on a connection.
  package mutating func attemptStarted(_ ticket: Ticket, at now: Moment) {
    let index = Int(ticket.index)
    let slot = Int(tickets[index].partition)
    if gate.state != .running { probe = ticket }
    gate.requestStarted()
    inFlightCount += 1
    partitions[slot].inFlightCount += 1
    partitions[slot].startedCount += 1
    partitions[slot].ledger.attemptStarted(tickets[index].entry)
    let stopped = gate.stopped(at: now.monotonic)
    let before = tickets[index].stoppedAtPhaseStart
    tickets[index].course.waitedForHalt += TimeSpan(
      microseconds: stopped.halted.microseconds - before.halted.microseconds)
    tickets[index].course.waitedForBan += TimeSpan(
      microseconds: stopped.banned.microseconds - before.banned.microseconds)
    if tickets[index].firstAttemptAt == nil {
      tickets[index].firstAttemptAt = now.monotonic
      tickets[index].stoppedAtFirstAttempt = stopped.total
    }
    if tickets[index].course.firstSentAt == nil { tickets[index].course.firstSentAt = now.wall }
    tickets[index].phase = .inFlight
    tickets[index].phaseSince = now.monotonic
  }

  /// Back-offs whose time is over.
  package mutating func timersFired(at now: Moment) {
    while let ticket = retries.popDue(at: now.monotonic) {
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .backingOff else { continue }
      let index = Int(ticket.index)
      tickets[index].course.waitedForRetry += now.monotonic - tickets[index].phaseSince
      tickets[index].phaseSince = now.monotonic
      tickets[index].stoppedAtPhaseStart = gate.stopped(at: now.monotonic)
      makeReady(ticket)
    }
  }
}
