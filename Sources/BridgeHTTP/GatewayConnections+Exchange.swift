internal import BridgeCore

extension GatewayConnections {
  mutating func readEvents(at now: Moment) {
    let roundLimit = settings.connectionLimit / EventQueue.batchLimit + 1
    for _ in 0..<roundLimit {
      let count = events.read()
      for position in 0..<count {
        let (source, readiness) = events.event(position)
        switch source {
        case .connecting(let shard, let socket):
          shards[Int32(shard)].socketReady(socket, readiness, at: now.monotonic)
        case .connection(let index, let generation):
          guard connections[index].generation & 0x7FFF_FFFF == generation else { continue }
          connectionStirred(index, readiness, at: now)
        }
      }
      guard count == EventQueue.batchLimit else { return }
    }
  }

  private mutating func connectionStirred(_ index: Int32, _ readiness: Readiness, at now: Moment) {
    switch connections[index].phase {
    case .ready:
      readyStirred(index, at: now.monotonic)
    case .settling:
      settlingStirred(index, at: now.monotonic)
    case .sending:
      if readiness.hasInput { receive(index, at: now) }
      if readiness.hasRoom, connections[index].phase == .sending { sendMore(index, at: now) }
    case .receiving:
      receive(index, at: now)
    case .ended(true), .reported(true):
      // Nothing more is expected of it, and whoever comes next must not take this for an answer.
      if !isSilent(index) {
        closeSocket(index)
        connections[index].phase =
          connections[index].phase == .ended(isReusable: true)
          ? .ended(isReusable: false) : .reported(isReusable: false)
      }
    case .closed, .connecting, .ended(false), .reported(false):
      break
    }
  }

  mutating func sendMore(_ index: Int32, at now: Moment) {
    while true {
      let left = connections[index].requestByteCount &- connections[index].acceptedByteCount
      guard left > 0 else { return requestSent(index) }
      let offset = connections[index].requestStart &+ connections[index].acceptedByteCount
      let transfer = connections[index].request.withBytes {
        let slice = UnsafeRawBufferPointer(rebasing: $0[offset...].prefix(Self.sliceByteLimit))
        return connections[index].send(slice, encrypted: endpoint.isEncrypted)
      }
      switch transfer {
      case .moved(let count): accepted(count, index, at: now.monotonic)
      case .mustWait: return watchForRoom(index, true)
      case .failed: return sendFailed(index, at: now)
      }
    }
  }

  private mutating func accepted(_ count: Int, _ index: Int32, at now: MonotonicTime) {
    if connections[index].startedAt == nil { connections[index].startedAt = now }
    connections[index].acceptedByteCount &+= count
  }

  private mutating func requestSent(_ index: Int32) {
    connections[index].phase = .receiving
    if connections[index].isWatchedForRoom { watchForRoom(index, false) }
  }

  private mutating func watchForRoom(_ index: Int32, _ wanted: Bool) {
    guard connections[index].isWatchedForRoom != wanted else { return }
    connections[index].isWatchedForRoom = wanted
    EventQueue.watch(
      connections[index].descriptor, .connection(index: index, generation: connections[index].generation),
      for: wanted ? Readiness.reading | Readiness.writing : Readiness.reading, in: events.descriptor)
  }

  /// The gateway may have refused the request before it was out: then its answer stands in front of the reset.
  private mutating func sendFailed(_ index: Int32, at now: Moment) {
    receive(index, after: .reset, at: now)
    if connections[index].phase == .sending { end(index, with: .reset, at: now.monotonic) }
  }

  /// Reads what has come; stops at a complete answer. `fault` is what was seen before: a reset is told once only, and a
  /// clean end ever after.
  private mutating func receive(_ index: Int32, after fault: TransportFault? = nil, at now: Moment) {
    while connections[index].handle != nil {
      let count: Int
      switch connections[index].receive(into: scratch, encrypted: endpoint.isEncrypted) {
      case .moved(let received): count = received
      case .mustWait: return
      case .failed: return end(index, with: fault ?? .reset, at: now.monotonic)
      }
      let bytes = UnsafeRawBufferPointer(rebasing: scratch[..<count])
      let progress =
        count == 0
        ? connections[index].parser.connectionEnded()
        : connections[index].take(bytes)
      switch progress {
      case .needsMore:
        // A short read has emptied a plain socket. TLS may hold back bytes that epoll does not know of.
        if !endpoint.isEncrypted, count < scratch.count, fault == nil { return }
      case .complete(let consumed):
        let mayHoldMore = endpoint.isEncrypted || count == scratch.count
        let isClean = count > 0 && consumed == count
        return answerCame(index, isClean: isClean && (!mayHoldMore || isSilent(index)), at: now)
      case .faulty(.incomplete):
        return end(index, with: fault ?? .closed, at: now.monotonic)
      case .faulty(let answerFault):
        return end(index, with: answerFault.transportFault, at: now.monotonic)
      }
    }
  }

  /// `isClean`: nothing stands behind the answer.
  private mutating func answerCame(_ index: Int32, isClean: Bool, at now: Moment) {
    let head = connections[index].parser.head
    let isWhollySent = connections[index].isWhollySent
    // Only a refusal can be told without having seen the whole request.
    guard isWhollySent || (400..<500).contains(head.status) else {
      return end(index, with: .closed, at: now.monotonic)
    }
    if let fault = connections[index].unpackAnswer(limit: settings.answerByteLimit) {
      return end(index, with: fault.transportFault, at: now.monotonic)
    }
    connections[index].answerCount += 1
    connections[index].idleLimit = idleLimit(announced: head.keepAliveSeconds)
    backOff.answered()
    isProven = true
    let retryAfter = head.retryAfterSeconds(now: now.wall.milliseconds / 1_000)
    end(
      index, .answered(status: head.status, retryAfterSeconds: retryAfter, date: head.date),
      isReusable: isClean && isWhollySent && !head.closes, at: now.monotonic)
  }

  private func idleLimit(announced: Int64?) -> TimeSpan {
    guard let announced else { return settings.idleTimeout }
    let whole = TimeSpan.seconds(announced)
    let margin = min(Self.idleMargin, TimeSpan(microseconds: whole.microseconds / 2))
    return min(settings.idleTimeout, TimeSpan(microseconds: whole.microseconds - margin.microseconds))
  }

  /// The request that was begun first has had its time.
  func hasOverdue(at now: MonotonicTime) -> Bool {
    inFlight.first != .noConnection
      && now - connections[inFlight.first].begunAt >= settings.requestTimeout
  }

  mutating func endOverdue(at now: MonotonicTime) {
    while hasOverdue(at: now) { end(inFlight.first, with: .deadline, at: now) }
  }

  /// Ends without an answer: what was counted says whether the request can have arrived.
  mutating func end(_ index: Int32, with fault: TransportFault, at now: MonotonicTime) {
    let ending: AttemptEnding = connections[index].isWhollySent ? .unanswered(fault) : .notSent(fault)
    end(index, ending, isReusable: false, at: now)
  }

  private mutating func end(_ index: Int32, _ ending: AttemptEnding, isReusable: Bool, at now: MonotonicTime)
  {
    switch ending {
    case .answered: counts.answeredCount += 1
    case .notSent: counts.notSentCount += 1
    case .unanswered: counts.unansweredCount += 1
    }
    if !isReusable { closeSocket(index) }
    connections[index].ending = ending
    connections[index].endedAt = now
    connections[index].phase = .ended(isReusable: isReusable)
    inFlight.remove(index, in: &connections)
    ended.append(index, in: &connections)
  }
}

extension AnswerFault {
  fileprivate var transportFault: TransportFault {
    switch self {
    case .malformed: .malformedAnswer
    case .tooLarge: .answerTooLarge
    case .incomplete: .closed
    }
  }
}
