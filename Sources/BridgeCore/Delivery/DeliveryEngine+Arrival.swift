extension DeliveryEngine {
  /// How many records of the partition in `slot` may be taken now: windows and memory are bounded, but a partition
  /// without any record in memory always gets one.
  /// `outcomeByteCount`: held in memory for outcomes, beside the records.
  package func room(in slot: Int, outcomeByteCount: Int = 0) -> Int {
    guard partitions[slot].phase == .active else { return 0 }
    let limits = settings.recoveryLogLimits
    let openCount = partitions[slot].ledger.unresolvedCount + partitions[slot].ledger.unpublishedCount
    let unresolvedRoom = limits.unresolvedPerPartition - openCount
    let windowRoom = Int(limits.windowOffsets - partitions[slot].ledger.windowLength)
    guard unresolvedRoom > 0, windowRoom > 0 else { return 0 }
    let fairShare = settings.bufferedByteLimit / max(partitions.count, 1)
    let bytesLeft = max(
      settings.bufferedByteLimit - bufferedByteCount - outcomeByteCount,
      fairShare - partitions[slot].byteCount)
    guard bytesLeft > 0 else { return openCount == 0 ? 1 : 0 }
    // As large as the largest so far, and no more than that, the portion may be too large.
    let byteRoom = max(1, bytesLeft / max(partitions[slot].largestByteCount, 1))
    let portion =
      openCount < limits.manyOpenRecords
      ? limits.recordsPerTurn : limits.recordsPerTurnBehindMany
    return min(unresolvedRoom, windowRoom, byteRoom, portion, max(1, wantedHeadCount / partitions.count))
  }

  /// Whether more records would be of use: heads of lanes are few, or those that are there cannot show whose fault a
  /// refusal is. What is not taken stays with Kafka; what is taken early is only cold again when its turn comes.
  package func wantsRecords(at now: MonotonicTime) -> Bool {
    if gate.admission(at: now) == .freshProbe, !hasFreshLane { return true }
    return partitions.reduce(ready.count) { $0 + $1.atCeiling.count } < wantedHeadCount
  }

  private var wantedHeadCount: Int { DeliveryLimits.headsPerRequest * settings.inFlightLimit }

  package func partition(at slot: Int) -> PartitionIndex { partitions[slot].partition }

  /// A record came out of the partition's queue. `index`: a free slot for it. Nil: it is dropped, having its outcome.
  package mutating func recordArrived(
    _ offset: RecordOffset, in slot: Int, index: Int32, at now: Moment
  ) -> Ticket? {
    let delivery = partitions[slot].ledger.recordDelivered(offset, breaking: settings.brokenRule)
    guard case .fresh(let entry, let isBelowCeiling) = delivery else { return nil }
    let inherited = isBelowCeiling && settings.brokenRule != .forgetsPredecessor
    partitions[slot].arrivals.happened()
    while tickets.count <= Int(index) { tickets.append(TicketState()) }
    let generation = tickets[Int(index)].generation &+ 1
    precondition(tickets[Int(index)].phase == .free, "a slot is free before it is used again")
    var state = TicketState()
    state.generation = generation
    state.phase = .arriving
    state.partition = Int32(slot)
    state.entry = entry
    state.offset = offset
    state.course.receivedAt = now.wall
    state.phaseSince = now.monotonic
    if inherited {
      state.course.isInherited = true
      state.course.attemptCount = 1
      state.course.effectCount = 1
      state.course.lastUnknown = .restartedAfterSend
    }
    tickets[Int(index)] = state
    return Ticket(index: index, generation: generation)
  }

  /// The record of this ticket was decoded: it takes its place in its lane. `caller` names whoever the gateway takes
  /// for the caller; `timestamp` is the record's, `deadline` the event's own.
  package mutating func recordDecoded(
    _ ticket: Ticket, lane: LaneKey, isValid: Bool, byteCount: Int, caller: UInt32 = 0,
    timestamp: WallTime? = nil, deadline: WallTime? = nil, at now: Moment
  ) {
    let index = Int(ticket.index)
    let slot = Int(tickets[index].partition)
    let leavesLane =
      settings.brokenRule == .ignoresLanes || (settings.brokenRule == .takesInvalidOutOfTurn && !isValid)
    let lane = leavesLane ? LaneKey(hash: lane.hash &+ UInt64(ticket.index) &+ 1) : lane
    if tickets[index].course.isInherited { judgeInherited(ticket, lane, isValid: isValid) }
    tickets[index].isValid = isValid
    tickets[index].caller = caller
    setExpiry(index, timestamp, deadline)
    tickets[index].byteCount = byteCount
    bufferedByteCount += byteCount
    partitions[slot].byteCount += byteCount
    partitions[slot].largestByteCount = max(partitions[slot].largestByteCount, byteCount)
    tickets[index].phase = .queued
    if partitions[slot].lanes.append(ticket.index, to: lane, tickets: &tickets) {
      becomeHead(ticket.index, at: now)
    }
  }

  /// Whether a predecessor may really have sent this record.
  private mutating func judgeInherited(_ ticket: Ticket, _ lane: LaneKey, isValid: Bool) {
    let index = Int(ticket.index)
    let slot = Int(tickets[index].partition)
    let isFirstOfLane =
      !partitions[slot].predecessorSentSingly || partitions[slot].inheritedLanes.insert(lane).inserted
    // The bytes do not change: what does not validate was never encoded, so never sent.
    guard !isFirstOfLane || (!isValid && partitions[slot].predecessorKeptValidity) else { return }
    tickets[index].course.attemptCount = 0
    tickets[index].course.effectCount = 0
    tickets[index].course.isInherited = false
    tickets[index].course.lastUnknown = nil
    partitions[slot].ledger.wasNotSent(tickets[index].entry)
  }

  /// Everything below `offset` of the partition was handed out.
  package mutating func endOfPartitionReached(_ offset: RecordOffset, in slot: Int) {
    partitions[slot].ledger.endReached(offset)
  }

  /// The lane's turn has come to this record.
  mutating func becomeHead(_ index: Int32, at now: Moment) {
    let ticket = Ticket(index: index, generation: tickets[Int(index)].generation)
    tickets[Int(index)].course.waitedForLane += now.monotonic - tickets[Int(index)].phaseSince
    tickets[Int(index)].phaseSince = now.monotonic
    tickets[Int(index)].stoppedAtPhaseStart = gate.stopped(at: now.monotonic)
    let place = place(of: ticket)
    if !oldAttempts.isEmpty, oldAttempts.values.contains(place), settings.brokenRule != .sendsBesideOldAttempt
    {
      tickets[Int(index)].phase = .besideOldAttempt
      besideOldAttempts[place] = ticket
      return
    }
    headMayGo(ticket, at: now)
  }

  /// A head that nothing of an earlier assignment stands beside.
  mutating func headMayGo(_ ticket: Ticket, at now: Moment) {
    let state = tickets[Int(ticket.index)]
    let isReported = state.course.isInherited && settings.ambiguousPolicy == .report
    if state.isValid, !isReported {
      if !expire(ticket, at: now) { makeReady(ticket) }
    } else if state.course.isInherited {
      resolve(ticket, Resolution(kind: .inDoubt, error: .restartedAfterSend))
    } else {
      resolve(ticket, Resolution(kind: .invalid, error: .invalidEvent))
    }
  }

  func place(of ticket: Ticket) -> RecordPlace {
    let state = tickets[Int(ticket.index)]
    return RecordPlace(partition: partitions[Int(state.partition)].partition, offset: state.offset)
  }

  /// A head that may be sent as far as its lane is concerned.
  mutating func makeReady(_ ticket: Ticket) {
    let slot = Int(tickets[Int(ticket.index)].partition)
    let ceiling =
      settings.brokenRule == .sendsBeforeOwnCommit
      ? partitions[slot].ledger.ceiling : partitions[slot].ledger.ownCeiling
    let isBelow = tickets[Int(ticket.index)].offset < ceiling
    if isBelow || settings.brokenRule == .sendsAboveCeiling {
      tickets[Int(ticket.index)].phase = .ready
      ready.append(ticket)
    } else {
      tickets[Int(ticket.index)].phase = .atCeiling
      partitions[slot].atCeiling.append(ticket)
    }
  }

  mutating func resolve(_ ticket: Ticket, _ resolution: Resolution) {
    tickets[Int(ticket.index)].phase = .resolved
    tickets[Int(ticket.index)].resolution = resolution
    resolved.append(ticket)
  }
}
