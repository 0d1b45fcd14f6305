extension DeliveryEngine {
  /// Whether a record that ended an attempt goes on.
  package enum AttemptDecision: Equatable, Sendable {
    case resolved
    case again
    /// Its partition is not ours any more: nothing follows.
    case stale
  }

  /// An attempt ended. `duration` is nil if not one byte was written: then it does not count as an attempt. `code` is
  /// the answer's, if it has one.
  package mutating func attemptEnded(
    _ ticket: Ticket, _ verdict: Verdict, duration: TimeSpan?, code: Int64? = nil, at now: Moment
  ) -> AttemptDecision {
    inFlightCount -= 1
    let isOurs = isCurrent(ticket) && tickets[Int(ticket.index)].phase == .inFlight
    let isSpared = lineJudged(ticket, isOurs: isOurs, verdict, wasSent: duration != nil, code, at: now)
    if !oldAttempts.isEmpty, let place = oldAttempts.removeValue(forKey: ticket) {
      oldAttemptEnded(place, at: now)
    }
    guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .inFlight else { return .stale }
    let index = Int(ticket.index)
    let slot = Int(tickets[index].partition)
    partitions[slot].inFlightCount -= 1
    let stopped = gate.stopped(at: now.monotonic)
    let stoppedMeanwhile =
      stopped.total.microseconds - tickets[index].stoppedAtPhaseStart.total.microseconds
    tickets[index].phaseSince = now.monotonic
    tickets[index].stoppedAtPhaseStart = stopped
    guard let duration else {
      if tickets[index].course.gatewayTime == .zero { tickets[index].course.firstSentAt = nil }
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
    let isCounted =
      !isSpared && !gate.breaker.isOpen || settings.brokenRule == .countsAttemptsWhileBreakerIsOpen
    if verdict.spendsAttempt, isCounted {
      tickets[index].spentAttemptCount += 1
      tickets[index].spentTime += TimeSpan(microseconds: max(duration.microseconds - stoppedMeanwhile, 0))
    }
    if let resolution = resolution(of: index, after: verdict, isCounted: isCounted) {
      resolve(ticket, resolution)
      return .resolved
    }
    sendAgain(ticket, verdict, at: now)
    return .again
  }

  /// What an ended request means for the line as a whole. Says whether it was a probe that does not use up one of its
  /// record's attempts.
  private mutating func lineJudged(
    _ ticket: Ticket, isOurs: Bool, _ verdict: Verdict, wasSent: Bool, _ code: Int64?, at now: Moment
  ) -> Bool {
    var ended = EndedRequest(verdict: verdict, number: 0, isProbe: false, wasSent: wasSent)
    ended.isProbe = gate.probeEnded(ticket)
    let isSpared =
      ended.isProbe && (gate.mayFailEveryProbe || settings.brokenRule == .sparesProbeOfBan)
    ended.isUnknownSystemCode = verdict.ruling == .unknown && code.map { $0 < Self.systemCodeLimit } ?? false
    if isOurs {
      ended.number = tickets[Int(ticket.index)].requestNumber
      ended.isCallersOwn = verdict.isLinesFault && isCallersOwnFault(Int(ticket.index))
    }
    let jitter: TimeSpan =
      verdict.ruling == .flowControl
      ? TimeSpan(microseconds: Int64(random.next(upTo: UInt64(Ban.jitterLimit.microseconds)))) : .zero
    gate.requestEnded(ended, jitter: jitter, at: now.monotonic)
    if isOurs, verdict.reachedTheMessage, !suspects.isEmpty || !knownCallers.isEmpty {
      gotThrough(number: ended.number, caller: tickets[Int(ticket.index)].caller)
    }
    return isSpared
  }

  /// Codes of the gateway itself are smaller.
  package static let systemCodeLimit: Int64 = 100

  /// A connection to the gateway could not be made.
  package mutating func connectFailed(at now: Moment) { gate.connectFailed(at: now.monotonic) }

  /// A request of an assignment that is over has ended: the record may be ours again, and wait for it.
  private mutating func oldAttemptEnded(_ place: RecordPlace, at now: Moment) {
    guard !oldAttempts.values.contains(place), let waiting = besideOldAttempts.removeValue(forKey: place),
      isCurrent(waiting), tickets[Int(waiting.index)].phase == .besideOldAttempt
    else { return }
    headMayGo(waiting, at: now)
  }

  /// Nil: it is sent again.
  private func resolution(
    of index: Int, after verdict: Verdict, isCounted: Bool
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
      return terminal(index, Resolution(kind: .rejected, error: verdict.refusalCode))
    case .notTemporary, .unknown:
      return terminal(index, Resolution(kind: .rejected, error: .refusedByGateway))
    case .backendNotReached, .temporary:
      // Nothing is failed while it is the gateway that fails.
      guard isCounted,
        tickets[index].spentAttemptCount >= settings.retry.attemptLimit
          || tickets[index].spentTime >= settings.retry.timeLimit
      else { return nil }
      return terminal(index, Resolution(kind: .failed, error: .retriesExhausted))
    }
  }

  /// A record that may have reached the agent is in doubt, whatever ended it.
  func terminal(_ index: Int, _ resolution: Resolution) -> Resolution {
    tickets[index].course.lastUnknown.map { Resolution(kind: .inDoubt, error: $0) } ?? resolution
  }

  private mutating func sendAgain(_ ticket: Ticket, _ verdict: Verdict, at now: Moment) {
    let index = Int(ticket.index)
    switch verdict.ruling {
    case .configurationFault, .clockFault, .programmingFault:
      suspect(ticket)
    case .flowControl:
      makeReady(ticket)
    case .backendNotReached, .temporary, .delivered, .notTemporary, .refused, .unknown:
      // The breaker waits for all; each of its probes is of another lane.
      guard !gate.breaker.isOpen else { return makeReady(ticket) }
      let count = max(tickets[index].spentAttemptCount, 1)
      let delay = max(
        settings.retry.delay(afterAttempts: count, random: &random), LineGate.askedWait(verdict))
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
    gate.eventResolved(state.resolution.kind, at: now.monotonic)
    if oldestUnpublishedAt == nil { oldestUnpublishedAt = now.monotonic }
    if settings.ambiguousPolicy == .report, settings.brokenRule != .sendsBeforeOutcomeIsDurable {
      partitions[slot].lanes.holdAfterHead(of: state.lane, tickets: tickets)
      partitions[slot].heldLanes[state.entry] = state.lane
      free(ticket.index)
    } else {
      let next = partitions[slot].lanes.removeHead(of: state.lane, tickets: tickets)
      free(ticket.index)
      if let next { becomeHead(next, at: now) }
    }
    return state.entry
  }
}

extension Verdict {
  /// The other rulings end the record, or are no fault of its own.
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
