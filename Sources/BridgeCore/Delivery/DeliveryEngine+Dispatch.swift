extension DeliveryEngine {
  /// The next record to be sent, if any may be. It is to be followed by `attemptStarted` or `dispatchReturned`.
  package mutating func nextDispatch(at now: Moment) -> Ticket? {
    guard !waitsForRefusedOutcome, inFlightCount < settings.inFlightLimit, holdsLease(at: now.monotonic)
    else {
      return nil
    }
    switch gate.admission(at: now.monotonic) {
    case .open:
      guard inFlightCount < gate.requestLimit(settings.inFlightLimit, at: now.monotonic) else { return nil }
      return nextReady(at: now)
    case .freshProbe:
      return nextFresh(at: now)
    case .probe:
      return gate.halt.isHalted
        ? nextFresh(at: now) ?? nextSuspect(at: now) ?? nextReady(at: now)
        : nextReady(at: now) ?? nextSuspect(at: now)
    case .closed:
      guard settings.brokenRule == .sendsDuringBan, gate.ban.isStanding else { return nil }
      return nextReady(at: now)
    }
  }

  private mutating func nextReady(at now: Moment) -> Ticket? {
    while let ticket = ready.popFirst() {
      guard isReady(ticket), !expire(ticket, at: now) else { continue }
      precondition(
        tickets[Int(ticket.index)].offset
          < partitions[Int(tickets[Int(ticket.index)].partition)].ledger.ownCeiling
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
  package mutating func dispatchReturned(_ ticket: Ticket) {
    if tickets[Int(ticket.index)].phase == .suspected {
      suspects.prepend(ticket)
    } else {
      ready.prepend(ticket)
    }
  }

  /// The request of this record is on a connection.
  package mutating func attemptStarted(_ ticket: Ticket, at now: Moment) {
    let index = Int(ticket.index)
    let slot = Int(tickets[index].partition)
    tickets[index].requestNumber = gate.requestStarted(ticket, at: now.monotonic)
    inFlightCount += 1
    partitions[slot].inFlightCount += 1
    partitions[slot].starts.happened()
    partitions[slot].ledger.attemptStarted(tickets[index].entry)
    let waited = chargeWait(index, at: now.monotonic)
    if settings.brokenRule == .countsStopsAsRetryTime { tickets[index].spentTime += waited.whole }
    if tickets[index].course.firstSentAt == nil { tickets[index].course.firstSentAt = now.wall }
    tickets[index].phase = .inFlight
  }

  /// Charges the time since the phase began to what stopped the line in it; `rest` is what no stop explains.
  mutating func chargeWait(_ index: Int, at now: MonotonicTime) -> (rest: TimeSpan, whole: TimeSpan) {
    let stopped = gate.stopped(at: now)
    let before = tickets[index].stoppedAtPhaseStart
    let whole = now - tickets[index].phaseSince
    tickets[index].phaseSince = now
    guard stopped != before else { return (whole, whole) }
    tickets[index].stoppedAtPhaseStart = stopped
    tickets[index].course.waitedForHalt += stopped.halted.without(before.halted)
    tickets[index].course.waitedForBan += stopped.banned.without(before.banned)
    tickets[index].course.waitedForBreaker += stopped.breakerOpen.without(before.breakerOpen)
    return (whole.without(stopped.total.without(before.total)), whole)
  }

  /// What time alone brings: back-offs that are over, records that became too old.
  package mutating func timersFired(at now: Moment) {
    while let ticket = retries.popDue(at: now.monotonic) {
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .backingOff else { continue }
      let index = Int(ticket.index)
      let waited = chargeWait(index, at: now.monotonic)
      tickets[index].course.waitedForRetry += waited.rest
      let counted = settings.brokenRule == .countsStopsAsRetryTime ? waited.whole : waited.rest
      // A longer wait was the gateway's wish.
      tickets[index].spentTime += min(counted, settings.retry.cap)
      makeReady(ticket)
    }
    expireWaiting(at: now)
  }

  // MARK: An operator's word

  /// Nothing is sent until `resumed`; what is under way ends.
  package mutating func paused(at now: Moment) { gate.paused(at: now.monotonic) }

  /// Ends a pause and releases the brake.
  package mutating func resumed(at now: Moment) { gate.resumed(at: now.monotonic) }
}

extension TimeSpan {
  fileprivate func without(_ other: TimeSpan) -> TimeSpan {
    TimeSpan(microseconds: microseconds - other.microseconds)
  }
}
