/// One ended request, as far as it concerns the line.
struct EndedRequest {
  var verdict: Verdict
  /// Its place among all requests that were started.
  var number: UInt64
  var isProbe: Bool
  /// At least one byte was written.
  var wasSent: Bool
  /// The fault is known to be one of this event's caller: it says nothing about the line.
  var isCallersOwn = false
  /// An answer with a code that nobody knows, below those that belong to messages.
  var isUnknownSystemCode = false
}

/// Says whether a request may start: puts together what stops the line. Each of them has its own machine; a request
/// needs all of them, and while one of them wants a probe, only one request is under way at its wish.
package struct LineGate: Sendable {
  /// Why an answer stops the line.
  package enum Reason: UInt8, Sendable, CaseIterable {
    case halted
    case banned
    case breakerOpen
  }

  /// Which request may start now.
  enum Admission: Equatable {
    case open
    /// One, of a lane that was not refused for a fault of ours.
    case freshProbe
    case probe
    case closed
  }

  /// What stops the line, each by itself; changes are worth a line in the log.
  package struct Standing: Equatable, Sendable {
    package var isHalted = false
    package var isBanned = false
    /// The ban lasts so long that somebody should look.
    package var isLongBanned = false
    package var isBreakerOpen = false
    package var isBraked = false
    package var isPaused = false

    package init() {}
  }

  /// So many answers with unknown codes of the gateway itself, one after the other, stop the line.
  static let unknownCodeLimit = 3
  /// The gateway's wish for a wait is heard up to here.
  static let askedWaitLimit = TimeSpan.seconds(60)

  private(set) var halt = Halt()
  private(set) var ban: Ban
  private(set) var breaker: Breaker
  private(set) var brake: Brake
  private var bucket: TokenBucket
  private var clock = StopClock()
  private var isPaused = false
  private var unknownCodeCount = 0
  /// The request that shows whether the line may run again.
  private(set) var probe: Ticket?
  /// Requests that were started.
  private(set) var startedCount: UInt64 = 0

  init(_ settings: DeliverySettings) {
    ban = Ban(base: settings.banBase, probesFirst: settings.probesAtStart)
    breaker = Breaker(settings.breaker)
    brake = Brake(settings.brake)
    bucket = TokenBucket(requestsPerSecond: settings.requestsPerSecond)
  }

  package var standing: Standing {
    var standing = Standing()
    standing.isHalted = halt.isHalted
    standing.isBanned = ban.isStanding
    standing.isLongBanned = ban.isLong
    standing.isBreakerOpen = breaker.isOpen
    standing.isBraked = brake.isPulled
    standing.isPaused = isPaused
    return standing
  }

  // MARK: What may start

  func admission(at now: MonotonicTime) -> Admission {
    guard !isPaused, !brake.isPulled, probe == nil, bucket.admits(at: now) else { return .closed }
    let haltAdmits = halt.admission(at: now)
    let banAdmits = ban.admission(at: now)
    let breakerAdmits = breaker.admission(at: now)
    if haltAdmits == .none || banAdmits == .none || breakerAdmits == .none { return .closed }
    if haltAdmits == .freshProbe { return .freshProbe }
    return haltAdmits == .any && banAdmits == .any && breakerAdmits == .any ? .open : .probe
  }

  /// Nothing is held against the line at all.
  var isOpen: Bool {
    halt.state == .clear && ban.state == .none && !breaker.isOpen && !brake.isPulled && !isPaused
  }

  /// A request may have to probe it many times over, and fail each time for no fault of its event. A ban is over with
  /// its first probe that is not banned.
  var mayFailEveryProbe: Bool { halt.state != .clear || breaker.isOpen }

  /// When something may start that may not start now, answers and commands apart.
  func opensAt(_ now: MonotonicTime) -> MonotonicTime? {
    guard !isPaused, !brake.isPulled, probe == nil else { return nil }
    var time: MonotonicTime?
    func wait(for other: MonotonicTime?) {
      guard let other, other > now else { return }
      time = time.map { max($0, other) } ?? other
    }
    wait(for: halt.probesAt)
    if case .standing(let until) = ban.state { wait(for: until) }
    if case .open(let until) = breaker.state { wait(for: until) }
    wait(for: bucket.admitsAt(now))
    return time
  }

  package var badOutcomeCount: Int { brake.badCount }

  /// When the next probe goes out, for people.
  package var nextProbeAt: MonotonicTime? {
    var times: [MonotonicTime] = []
    if let time = halt.probesAt { times.append(time) }
    if case .standing(let until) = ban.state { times.append(until) }
    if case .open(let until) = breaker.state { times.append(until) }
    return times.max()
  }

  mutating func requestLimit(_ limit: Int, at now: MonotonicTime) -> Int {
    breaker.requestLimit(limit, at: now)
  }

  // MARK: Facts

  /// Returns the request's number.
  mutating func requestStarted(_ ticket: Ticket, at now: MonotonicTime) -> UInt64 {
    if !isOpen { probe = ticket }
    bucket.requestStarted(at: now)
    startedCount += 1
    return startedCount
  }

  /// Whether this request was the probe; then there is none any more.
  mutating func probeEnded(_ ticket: Ticket) -> Bool {
    guard probe == ticket else { return false }
    probe = nil
    return true
  }

  mutating func requestEnded(_ ended: EndedRequest, jitter: TimeSpan, at now: MonotonicTime) {
    judgeHalt(ended, at: now)
    if case .flowControl = ended.verdict.ruling {
      ban.banned(
        seconds: ended.verdict.banSeconds ?? ended.verdict.retryAfterSeconds, number: ended.number,
        started: startedCount, jitter: jitter, at: now)
    } else if ended.isProbe, ended.wasSent {
      ban.passed(number: ended.number)
    }
    breaker.ended(
      ended.verdict.aboutGateway, isProbe: ended.isProbe, askedWait: Self.askedWait(ended.verdict), at: now)
    settle(at: now)
  }

  private mutating func judgeHalt(_ ended: EndedRequest, at now: MonotonicTime) {
    unknownCodeCount = ended.isUnknownSystemCode ? unknownCodeCount + 1 : 0
    if ended.verdict.isLinesFault {
      if !ended.isCallersOwn { halt.refused(isProbe: ended.isProbe, at: now) }
    } else if unknownCodeCount >= Self.unknownCodeLimit {
      halt.stopped(isProbe: ended.isProbe, at: now)
    } else if ended.isProbe {
      if ended.verdict.reachedTheMessage {
        halt.passed()
      } else if ended.wasSent {
        halt.probeToldNothing(at: now)
      }
    }
  }

  /// A connection to the gateway could not be made.
  mutating func connectFailed(at now: MonotonicTime) {
    guard probe == nil else { return }
    breaker.ended(.failure, isProbe: breaker.admission(at: now) == .probe, at: now)
    settle(at: now)
  }

  mutating func noOtherLane(at now: MonotonicTime) {
    halt.noOtherLane(at: now)
    settle(at: now)
  }

  mutating func refusalsForgotten(at now: MonotonicTime) {
    halt.forgotten()
    settle(at: now)
  }

  mutating func eventResolved(_ kind: OutcomeKind, at now: MonotonicTime) {
    if brake.resolved(kind) { settle(at: now) }
  }

  mutating func paused(at now: MonotonicTime) {
    isPaused = true
    settle(at: now)
  }

  /// Ends a pause, and releases the brake.
  mutating func resumed(at now: MonotonicTime) {
    isPaused = false
    brake.released()
    settle(at: now)
  }

  /// How long the line has stood still so far.
  func stopped(at now: MonotonicTime) -> StoppedTime { clock.stopped(at: now) }

  private mutating func settle(at now: MonotonicTime) {
    let reason: StopClock.Reason? =
      if isPaused || brake.isPulled || halt.state != .clear {
        .halt
      } else if ban.isStanding {
        .ban
      } else if breaker.isOpen {
        .breaker
      } else {
        nil
      }
    clock.stands(for: reason, at: now)
  }

  static func askedWait(_ verdict: Verdict) -> TimeSpan {
    guard let seconds = verdict.retryAfterSeconds, seconds > 0 else { return .zero }
    return min(.seconds(min(seconds, 86_400)), askedWaitLimit)
  }
}

extension Verdict {
  /// Every request would be answered so: the line is at fault, unless others get through.
  var isLinesFault: Bool {
    switch ruling {
    case .configurationFault, .clockFault, .programmingFault: true
    case .delivered, .flowControl, .backendNotReached, .temporary, .notTemporary, .refused, .unknown: false
    }
  }

  /// The gateway let the call pass and looked at the message: signature, key, permissions and clock are right.
  var reachedTheMessage: Bool {
    switch ruling {
    case .delivered, .backendNotReached, .notTemporary: true
    case .refused:
      switch refuser {
      case .gateway, .backend: true
      // A proxy may say that.
      case .requestSize: false
      }
    case .flowControl, .temporary, .configurationFault, .clockFault, .programmingFault, .unknown: false
    }
  }

  /// Whatever is an answer about the message shows that gateway and backend work; a refusal for our own fault or for
  /// a quota shows only that the gateway is there.
  var aboutGateway: Breaker.Result {
    switch ruling {
    case .delivered, .notTemporary, .refused, .unknown: .success
    case .backendNotReached, .temporary: .failure
    case .flowControl, .configurationFault, .clockFault, .programmingFault: .neutral
    }
  }
}
