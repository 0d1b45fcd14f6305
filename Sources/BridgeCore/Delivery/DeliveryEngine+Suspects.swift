// Whose fault it is that a request was refused: everybody's, or one event's.
extension DeliveryEngine {
  /// The record was refused for a fault that every request could have; it waits for what others show.
  mutating func suspect(_ ticket: Ticket) {
    tickets[Int(ticket.index)].phase = .suspected
    tickets[Int(ticket.index)].isRefused = true
    tickets[Int(ticket.index)].startedAtRefusal = gate.startedCount
    suspects.append(ticket)
  }

  /// Its caller has been refused before while others got through, and not all are refused now.
  func isCallersOwnFault(_ index: Int) -> Bool {
    knownCallers.contains(tickets[index].caller) && suspects.count < DeliveryLimits.refusalsOfKnownCallers
  }

  /// A request got as far as its message. Whatever was refused before it started was not refused for a fault that
  /// every request has, or that fault is mended: once, the record is tried again; after that it is the record's own.
  mutating func gotThrough(number: UInt64, caller: UInt32) {
    if !knownCallers.isEmpty { knownCallers.remove(caller) }
    while let ticket = suspects.first {
      let index = Int(ticket.index)
      if isCurrent(ticket), tickets[index].phase == .suspected {
        guard tickets[index].startedAtRefusal < number else { return }
        if partitions[Int(tickets[index].partition)].phase == .active { refuted(ticket, by: caller) }
      }
      _ = suspects.popFirst()
    }
  }

  private mutating func refuted(_ ticket: Ticket, by caller: UInt32) {
    let index = Int(ticket.index)
    tickets[index].refutedCount += 1
    let isOwn =
      tickets[index].refutedCount >= DeliveryLimits.refutationsThatReject
      || knownCallers.contains(tickets[index].caller) || settings.brokenRule == .failsForOwnFault
    guard isOwn else { return makeReady(ticket) }
    if tickets[index].caller != caller, knownCallers.count < DeliveryLimits.knownCallers {
      knownCallers.insert(tickets[index].caller)
    }
    resolve(ticket, terminal(index, Resolution(kind: .rejected, error: .callerRefused)))
  }

  /// The next request to start shows whose fault it is, or whether it is mended.
  package func wantsHaltProbe(at now: MonotonicTime) -> Bool {
    switch gate.admission(at: now) {
    case .freshProbe: hasFreshLane
    case .probe: gate.halt.isHalted
    case .open, .closed: false
    }
  }

  /// To be called before requests are started: if nobody is left who could show whose fault it is, it is ours.
  package mutating func lineTurned(at now: Moment) {
    dropStale()
    switch gate.halt.state {
    case .halted: return
    case .clear:
      guard !suspects.isEmpty, nothingElseComes else { return }
      gate.noOtherLane(at: now.monotonic)
    case .confirming:
      guard gate.probe == nil, nothingElseComes else { return }
      if suspects.isEmpty {
        gate.refusalsForgotten(at: now.monotonic)
      } else {
        gate.noOtherLane(at: now.monotonic)
      }
    }
  }

  /// Whatever is behind the front may be stale as well, but then there is something to do.
  private mutating func dropStale() {
    while let ticket = suspects.first, !isCurrent(ticket) || tickets[Int(ticket.index)].phase != .suspected {
      _ = suspects.popFirst()
    }
    while let ticket = ready.first, !isReady(ticket) { _ = ready.popFirst() }
  }

  /// Whether a ticket of the queue is still to be sent; parks what its partition does not send any more.
  mutating func isReady(_ ticket: Ticket) -> Bool {
    let index = Int(ticket.index)
    guard isCurrent(ticket), tickets[index].phase == .ready else { return false }
    let phase = partitions[Int(tickets[index].partition)].phase
    if phase == .active || settings.brokenRule == .sendsWhileDraining { return true }
    tickets[index].phase = .parked
    return false
  }

  /// A lane waits that was not refused.
  var hasFreshLane: Bool { firstReady(where: { !$0.isRefused }) != nil }

  /// No request is under way and no lane waits that was not refused.
  private var nothingElseComes: Bool {
    inFlightCount == 0 && resolved.isEmpty && partitions.allSatisfy(\.atCeiling.isEmpty)
      && !hasFreshLane
  }

  // MARK: Choosing a probe

  /// A lane that was not refused, if possible of a caller of whom nothing was.
  mutating func nextFresh(at now: Moment) -> Ticket? {
    var refusedCallers: Set<UInt32> = []
    suspects.visitAll { ticket in
      guard isCurrent(ticket), refusedCallers.count < DeliveryLimits.knownCallers else { return }
      refusedCallers.insert(tickets[Int(ticket.index)].caller)
    }
    while let ticket = firstReady(where: { !$0.isRefused && !refusedCallers.contains($0.caller) })
      ?? firstReady(where: { !$0.isRefused })
    {
      if expire(ticket, at: now) { continue }
      return ticket
    }
    return nil
  }

  /// One that was refused: the one that waits longest.
  mutating func nextSuspect(at now: Moment) -> Ticket? {
    while let ticket = suspects.popFirst() {
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .suspected,
        partitions[Int(tickets[Int(ticket.index)].partition)].phase == .active
      else { continue }
      if expire(ticket, at: now) { continue }
      return ticket
    }
    return nil
  }

  private func firstReady(where fits: (TicketState) -> Bool) -> Ticket? {
    ready.first(among: DeliveryLimits.lanesLookedThrough) { ticket in
      guard isCurrent(ticket), tickets[Int(ticket.index)].phase == .ready,
        partitions[Int(tickets[Int(ticket.index)].partition)].phase == .active
      else { return false }
      return fits(tickets[Int(ticket.index)])
    }
  }
}
