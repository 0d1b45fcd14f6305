extension DeliveryEngine {
  /// Whether a record that ended an attempt goes on.
  package enum AttemptDecision: Equatable, Sendable {
    case resolved
    case again
    /// Its partition is not ours any more: nothing follows.
    case stale
  }

  /// An attempt ended. `duration` is nil if not one byte was written: then it does not count as an attempt.
  package mutating func attemptEnded(
    _ ticket: Ticket, _ verdict: Verdict, duration: TimeSpan?, at now: Moment
  ) -> AttemptDecision {
    inFlightCount -= 1
    let wasProbe = probe == ticket
    if wasProbe { probe = nil }
    judgeLine(verdict, wasProbe: wasProbe, wasSent: duration != nil, at: now.monotonic)
    if !oldAttempts.isEmpty, let place = oldAttempts.removeValue(forKey: ticket) { oldAttemptEnded(place) }
    guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .inFlight else { return .stale }
    let index = Int(ticket.index)
    let slot = Int(tickets[index].partition)
    partitions[slot].inFlightCount -= 1
    tickets[index].phaseSince = now.monotonic
    tickets[index].stoppedAtPhaseStart = gate.stopped(at: now.monotonic)
    guard let duration else {
      if tickets[index].course.gatewayTime == .zero {
        tickets[index].course.firstSentAt = nil
        tickets[index].firstAttemptAt = nil
      }
      sendAgain(ticket, verdict, at: now)
      return .again
    }
    tickets[index].course.attemptCount += 1
    tickets[index].course.gatewayTime += max(duration, TimeSpan(microseconds: 1))
    switch verdict.effect {
    case .none: break
    case .done: tickets[index].course.effectCount += 1
    case .unknown:
      tickets[index].course.effectCount += 1
      tickets[index].course.lastUnknown = verdict.unknownCode
      partitions[slot].ledger.attemptBecameAmbiguous(tickets[index].entry)
    }
    if verdict.spendsAttempt { tickets[index].spentAttemptCount += 1 }
    if let resolution = resolution(of: tickets[index], after: verdict, at: now) {
      resolve(ticket, resolution)
      return .resolved
    }
    sendAgain(ticket, verdict, at: now)
    return .again
  }

  /// A request of an assignment that is over has ended: the record may be ours again, and wait for it.
  private mutating func oldAttemptEnded(_ place: RecordPlace) {
    guard !oldAttempts.values.contains(place), let waiting = besideOldAttempts.removeValue(forKey: place),
      isCurrent(waiting), tickets[Int(waiting.index)].phase == .besideOldAttempt
    else { return }
    headMayGo(waiting)
  }

  /// What an answer means for the line as a whole.
  private mutating func judgeLine(_ verdict: Verdict, wasProbe: Bool, wasSent: Bool, at now: MonotonicTime) {
    switch verdict.ruling {
    case .configurationFault, .clockFault, .programmingFault:
      gate.stop(.halted, seconds: nil, wasProbe: wasProbe, at: now)
    case .flowControl:
      gate.stop(
        .banned, seconds: verdict.banSeconds ?? verdict.retryAfterSeconds, wasProbe: wasProbe, at: now)
    case .delivered, .backendNotReached, .temporary, .notTemporary, .refused, .unknown:
      if wasSent {
        gate.answered(wasProbe: wasProbe, at: now)
      } else if wasProbe {
        gate.probeReturned(at: now)
      }
    }
  }

  /// Nil: it is sent again.
  private func resolution(
    of ticket: TicketState, after verdict: Verdict, at now: Moment
  ) -> Resolution? {
    if verdict.effect == .unknown, settings.ambiguousPolicy == .report {
      return Resolution(kind: .inDoubt, error: verdict.unknownCode)
    }
    switch verdict.ruling {
    case .delivered:
      return .delivered
    case .configurationFault, .clockFault, .programmingFault, .flowControl:
      // Nothing is failed for our own faults or the gateway's quotas.
      return nil
    case .refused:
      return terminal(ticket, Resolution(kind: .rejected, error: verdict.refusalCode))
    case .notTemporary, .unknown:
      return terminal(ticket, Resolution(kind: .rejected, error: .refusedByGateway))
    case .backendNotReached, .temporary:
      let elapsed = elapsedTime(of: ticket, at: now.monotonic)
      guard
        ticket.spentAttemptCount >= settings.retry.attemptLimit || elapsed >= settings.retry.timeLimit
      else { return nil }
      return terminal(ticket, Resolution(kind: .failed, error: .retriesExhausted))
    }
  }

  /// A record that may have reached the agent is in doubt, whatever ended it.
  private func terminal(_ ticket: TicketState, _ resolution: Resolution) -> Resolution {
    ticket.course.lastUnknown.map { Resolution(kind: .inDoubt, error: $0) } ?? resolution
  }

  /// Since the first attempt, the time the line stood still apart.
  private func elapsedTime(of ticket: TicketState, at now: MonotonicTime) -> TimeSpan {
    guard let first = ticket.firstAttemptAt else { return .zero }
    let stopped = gate.stopped(at: now).total.microseconds - ticket.stoppedAtFirstAttempt.microseconds
    return TimeSpan(microseconds: (now - first).microseconds - stopped)
  }

  private mutating func sendAgain(_ ticket: Ticket, _ verdict: Verdict, at now: Moment) {
    let index = Int(ticket.index)
    switch verdict.ruling {
    case .configurationFault, .clockFault, .programmingFault, .flowControl:
      makeReady(ticket)
    case .backendNotReached, .temporary, .delivered, .notTemporary, .refused, .unknown:
      let count = max(tickets[index].spentAttemptCount, 1)
      let delay = settings.retry.delay(afterAttempts: count, random: &random)
      tickets[index].phase = .backingOff
      retries.insert(ticket, at: now.monotonic + delay)
    }
  }

  // MARK: Outcomes

  /// The next decided record; its outcome is to be encoded and then `outcomeRecorded`.
  package mutating func nextResolution(at now: Moment) -> (Ticket, Resolution)? {
    while let ticket = resolved.popFirst() {
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .resolved else { continue }
      tickets[Int(ticket.index)].course.finishedAt = now.wall
      return (ticket, tickets[Int(ticket.index)].resolution)
    }
    return nil
  }

  /// The way of a decided record, for its outcome.
  package func course(of ticket: Ticket) -> DeliveryCourse { tickets[Int(ticket.index)].course }

  package func coordinates(of ticket: Ticket) -> (
    partition: PartitionIndex, epoch: Epoch, offset: RecordOffset
  ) {
    let state = tickets[Int(ticket.index)]
    let partition = partitions[Int(state.partition)]
    return (partition.partition, partition.epoch, state.offset)
  }

  /// The outcome of this record waits for a batch; the slot is free, the next record of the lane has its turn.
  /// Returns the ledger's entry, to be written into the outcome.
  package mutating func outcomeRecorded(_ ticket: Ticket, at now: Moment) -> Int32 {
    let state = tickets[Int(ticket.index)]
    let slot = Int(state.partition)
    partitions[slot].ledger.resolve(state.entry)
    partitions[slot].unpublishedCount += 1
    unpublishedCount += 1
    if oldestUnpublishedAt == nil { oldestUnpublishedAt = now.monotonic }
    if settings.ambiguousPolicy == .report, settings.brokenRule != .sendsBeforeOutcomeIsDurable {
      partitions[slot].lanes.holdAfterHead(of: state.lane, tickets: tickets)
      partitions[slot].heldLanes[state.entry] = state.lane
      free(ticket.index)
    } else {
      let next = partitions[slot].lanes.removeHead(of: state.lane, tickets: tickets)
      free(ticket.index)
      if let next { becomeHead(next, at: now.monotonic) }
    }
    return state.entry
  }
}

extension Verdict {
  /// Probes of a stopped line do not use up a record's attempts.
  var spendsAttempt: Bool {
    switch ruling {
    case .backendNotReached, .temporary: true
    case .delivered, .flowControl, .notTemporary, .configurationFault, .clockFault, .programmingFault,
      .refused, .unknown:
      false
    }
  }

  /// What an outcome in doubt says of an attempt with this verdict.
  var unknownCode: OutcomeError {
    switch ruling {
    case .notTemporary, .unknown: .unknownAnswer
    case .delivered, .flowControl, .backendNotReached, .temporary, .configurationFault, .clockFault,
      .programmingFault, .refused:
      .noAnswer
    }
  }

  var refusalCode: OutcomeError {
    switch refuser {
    case .gateway: .refusedByGateway
    case .backend: .refusedByBackend
    case .requestSize: .requestTooLarge
    }
  }
}
