/// All delivery state of a worker and every decision about it: which record may be sent, when it is sent again, what
/// became of it, what is committed. A pure machine: facts go in (`recordArrived`, `attemptEnded`, `batchAnswered`),
/// decisions come out; time and chance are parameters. Whoever drives it performs what it decides.
package struct DeliveryEngine: ~Copyable {
  package let settings: DeliverySettings
  var random: SplitMix64
  let processToken: UInt32

  /// As the group's recovery logs have it, else as it is now.
  var firstPartitionCount: Int32
  var partitions: [AssignedPartition] = []
  var tickets: [TicketState] = []
  var ready = FIFO<Ticket>(capacity: 1_024)
  var resolved = FIFO<Ticket>(capacity: 1_024)
  var retries = TimerHeap()
  package internal(set) var gate: LineGate
  /// Refused for a fault that every request could have, in the order of their refusals.
  var suspects = FIFO<Ticket>()
  /// Callers that were refused while others got through.
  var knownCallers: Set<UInt32> = []
  var comparison = ClockComparison()
  /// At least one record had a time at which it expires.
  var mayExpire = false
  var expiryLookedAt = MonotonicTime.distantPast
  /// Requests under way whose assignment is over, and which records they are of.
  var oldAttempts: [Ticket: RecordPlace] = [:]
  /// Heads that wait for one of them to end.
  var besideOldAttempts: [RecordPlace: Ticket] = [:]
  /// Under `report`: when the heartbeat was sent that proves the membership.
  var membershipProvenAt: MonotonicTime?
  /// Before this time a predecessor may still send.
  var predecessorLeaseEnds: MonotonicTime?

  /// Requests under way, those of lost partitions included.
  package internal(set) var inFlightCount = 0
  var bufferedByteCount = 0
  var batchCounter: UInt32 = 0
  var batchIsUnderWay = false
  var unpublishedCount = 0
  var oldestUnpublishedAt: MonotonicTime?
  var batchNotBefore = MonotonicTime.distantPast
  /// Kafka takes an outcome of this partition in no form: nothing is sent before a batch is committed, or the partition
  /// is not ours any more.
  var refusedOutcomePartition: PartitionIndex?
  var lastBatchAt = MonotonicTime.distantPast
  /// How long batches have taken lately.
  var batchTime = TimeSpan.zero
  /// When it is asked again what is committed for partitions that are not started; nil without any, and while that is
  /// being asked.
  var askAgainAt: MonotonicTime?

  /// `processToken`: random, new at every start.
  package init(settings: DeliverySettings, seed: UInt64, processToken: UInt32) {
    self.settings = settings
    firstPartitionCount = settings.firstPartitionCount
    gate = LineGate(settings)
    random = SplitMix64(seed: seed)
    self.processToken = processToken
  }

  /// When `timersFired`, `nextDispatch` or `batchDue` has something to do at the latest, facts apart.
  package func nextWake(at now: MonotonicTime) -> MonotonicTime? {
    var wake = retries.earliest
    func consider(_ time: MonotonicTime?) {
      guard let time else { return }
      wake = wake.map { min($0, time) } ?? time
    }
    if !resolved.isEmpty { consider(now) }
    if !ready.isEmpty || !suspects.isEmpty {
      // What holds them up when the line may run again wakes by itself.
      consider(gate.opensAt(now))
      if !holdsLease(at: now) { consider(now + DeliveryLimits.leaseLookInterval) }
      consider(gate.breaker.limitRisesAt(now))
    }
    if looksForExpired { consider(max(now, expiryLookedAt + DeliveryLimits.expiryInterval)) }
    consider(askAgainAt)
    consider(batchDueAt(now))
    return wake
  }

  /// Requests that could be sent now, those under way included: what connections are worth keeping for.
  package func wantedRequestCount(at now: MonotonicTime) -> Int {
    switch gate.admission(at: now) {
    case .open: min(settings.inFlightLimit, inFlightCount + ready.count)
    case .freshProbe: min(settings.inFlightLimit, inFlightCount + (ready.isEmpty ? 0 : 1))
    case .probe: min(settings.inFlightLimit, inFlightCount + (ready.isEmpty && suspects.isEmpty ? 0 : 1))
    case .closed: inFlightCount
    }
  }

  func index(of partition: PartitionIndex) -> Int? { partitions.firstIndex { $0.partition == partition } }

  /// The ticket still names a record of this assignment.
  package func isCurrent(_ ticket: Ticket) -> Bool {
    Int(ticket.index) < tickets.count && tickets[Int(ticket.index)].generation == ticket.generation
      && tickets[Int(ticket.index)].phase != .free
  }
}

/// Where a record stands, over all assignments.
struct RecordPlace: Hashable {
  var partition: PartitionIndex
  var offset: RecordOffset
}

/// One partition of the current assignment.
struct AssignedPartition {
  enum Phase: Equatable {
    /// What is committed is being asked.
    case recovering
    /// Its start position is being committed; no record is taken before that is durable.
    case starting
    case active
    /// No new request is sent; what is under way ends and is published.
    case draining
    /// Nothing is read until somebody decides.
    case undecided(UndecidedReason)
  }

  let partition: PartitionIndex
  var epoch: Epoch
  var phase = Phase.recovering
  var ledger = PartitionLedger(startingAt: 0)
  var lanes = LaneTable()
  var atCeiling = FIFO<Ticket>()
  /// Under `report`: lanes that wait until the outcome of this ledger entry is durable.
  var heldLanes: [Int32: Int32] = [:]
  /// Whoever was before judged events as this process does, and sent at most one of each lane.
  var predecessorKeptValidity = true
  var predecessorSentSingly = false
  /// If it did: lanes whose first inherited record has come; what it inherited behind was never sent.
  var inheritedLanes: Set<LaneKey> = []
  var inFlightCount = 0
  var byteCount = 0
  /// Of one record so far.
  var largestByteCount = 1_024
  var unpublishedCount = 0
  /// Of records delivered, and of requests started: they say how far to raise K ahead.
  var arrivals = FlowRate()
  var starts = FlowRate()
  /// The batch under way has a part for this partition.
  var isInBatch = false
  /// The last batch of a drain has been made.
  var isFinal = false

  /// It drains, nothing of it is out any more, and its last recovery log is not made.
  var wantsFinalCommit: Bool { phase == .draining && !isFinal && inFlightCount == 0 }

  /// What is committed for it is, or may be, asked.
  var isToBeAsked: Bool { phase == .recovering || awaitsDecision }

  /// It is not started, and looking again may change that.
  var awaitsDecision: Bool {
    guard case .undecided(let reason) = phase else { return false }
    return reason.mayBeDecided
  }

  var canAdvanceIdle: Bool { phase == .active && ledger.committedOffsetCanAdvance }
}
