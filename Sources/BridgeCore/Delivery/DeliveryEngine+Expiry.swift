extension DeliveryEngine {
  /// The earlier of the age limit and the event's own deadline decides; a record without timestamp is never too old.
  mutating func setExpiry(_ index: Int, _ timestamp: WallTime?, _ deadline: WallTime?) {
    if let timestamp, settings.maximumEventAge > .zero {
      tickets[index].expiresAt = timestamp.milliseconds &+ settings.maximumEventAge.milliseconds
      tickets[index].expiry = .tooOld
      mayExpire = true
    }
    if let deadline, deadline.milliseconds < tickets[index].expiresAt {
      tickets[index].expiresAt = deadline.milliseconds
      tickets[index].expiry = .deadlinePassed
      mayExpire = true
    }
  }

  /// Decides a head whose time is over; whatever may have reached the agent ends in doubt.
  mutating func expire(_ ticket: Ticket, at now: Moment) -> Bool {
    let index = Int(ticket.index)
    guard now.wall.milliseconds >= tickets[index].expiresAt, comparison.isTrusted(at: now) else {
      return false
    }
    _ = chargeWait(index, at: now.monotonic)
    resolve(ticket, terminal(index, Resolution(kind: .expired, error: tickets[index].expiry)))
    return true
  }

  /// While requests start, each head is looked at before its own. Otherwise somebody has to.
  var looksForExpired: Bool {
    mayExpire && (!gate.isOpen || settings.brokenRule == .expiresDuringAttempt)
  }

  mutating func expireWaiting(at now: Moment) {
    guard looksForExpired, now.monotonic - expiryLookedAt >= DeliveryLimits.expiryInterval else { return }
    expiryLookedAt = now.monotonic
    for index in tickets.indices where tickets[index].expiresAt <= now.wall.milliseconds {
      guard isWaitingHead(tickets[index].phase),
        partitions[Int(tickets[index].partition)].phase == .active
      else { continue }
      _ = expire(Ticket(index: Int32(index), generation: tickets[index].generation), at: now)
    }
  }

  private func isWaitingHead(_ phase: TicketState.Phase) -> Bool {
    switch phase {
    case .ready, .atCeiling, .backingOff, .suspected: true
    case .inFlight: settings.brokenRule == .expiresDuringAttempt
    case .free, .arriving, .queued, .besideOldAttempt, .parked, .resolved: false
    }
  }

  // MARK: The clock

  /// An answer's `Date`, and from when to when the exchange went.
  package mutating func answerDated(_ date: Int64, from start: MonotonicTime, to end: MonotonicTime) {
    comparison.answered(date: date, from: start, to: end)
  }

  /// How much this machine's clock is ahead of the gateway's.
  package func clockSkew(at now: Moment) -> TimeSpan? { comparison.skew(at: now) }
}
