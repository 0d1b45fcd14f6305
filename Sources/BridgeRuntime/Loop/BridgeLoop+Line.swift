package import BridgeCore
import LippiAPI

/// What the loop remembers of the line's last change, for whoever asks how it stands.
struct LineStanding {
  var since: WallTime?
  var pause: (reason: String, since: WallTime)?
  /// As it was told last.
  var told = LineGate.Standing()
  /// The last answer of each kind that stops the line.
  var halt: LineStop?
  var ban: LineStop?
  var failure: LineStop?
  /// As it was when the last answer came.
  var clockSkew: TimeSpan?
}

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// How the line stands; a pause is shown before everything else, because nothing but an operator ends it.
  package func lineStatus() -> LineStatus {
    var status = LineStatus()
    status.state = engine.gate.standing.state
    status.since = standing.since
    status.nextProbeAt = engine.gate.nextProbeAt
    status.clockSkew = standing.clockSkew
    status.isLongBan = engine.gate.standing.isLongBanned
    switch status.state {
    case .running, .braked: break
    case .halted: status.stop = standing.halt
    case .banned: status.stop = standing.ban
    case .breakerOpen: status.stop = standing.failure
    case .paused:
      status.since = standing.pause?.since
      status.pauseReason = standing.pause?.reason
    }
    return status
  }

  /// Nothing is sent until `resume`; what is under way ends. A second pause changes the reason only.
  package func pause(reason: String, at now: Moment) {
    engine.paused(at: now)
    standing.pause = (reason, standing.pause?.since ?? now.wall)
    notify(.linePaused(reason: reason))
    tellLine(at: now)
  }

  /// Ends a pause, and releases the brake.
  package func resume(at now: Moment) {
    guard standing.pause != nil || engine.gate.standing.isBraked else { return }
    engine.resumed(at: now)
    standing.pause = nil
    tellLine(at: now)
  }

  /// The next request shows whether a fault of ours is mended: the time to read secrets again.
  package func wantsFreshSecrets(at now: Moment) -> Bool { engine.wantsHaltProbe(at: now.monotonic) }

  /// Connects that failed since the last turn.
  func readConnectFailures(at now: Moment) {
    let count = gateway.connectFailureCount
    guard count != knownConnectFailureCount else { return }
    // As many as open the breaker are enough.
    for _ in 0..<min(count - knownConnectFailureCount, 1_000) { engine.connectFailed(at: now) }
    knownConnectFailureCount = count
    tellLine(at: now)
  }

  /// Keeps what an answer says about the line: it is shown when it stops the line.
  func remember(
    _ verdict: Verdict, _ report: AttemptReport, _ answer: borrowing GatewayAnswer, at now: Moment
  ) {
    let reason: LineGate.Reason
    switch verdict.ruling {
    case .configurationFault, .clockFault, .programmingFault: reason = .halted
    case .unknown:
      guard let code = answer.code, code < DeliveryEngine.systemCodeLimit else { return }
      reason = .halted
    case .flowControl: reason = .banned
    case .backendNotReached, .temporary: reason = .breakerOpen
    case .delivered, .notTemporary, .refused: return
    }
    var stop = LineStop(reason: reason, ruling: verdict.ruling)
    stop.seconds = verdict.banSeconds ?? verdict.retryAfterSeconds
    if case .answered(let status, _, _) = report.ending {
      stop.httpStatus = status
      stop.code = answer.code
      stop.subCode = answer.copy(answer.subCode)
    }
    stop.clockSkew = engine.clockSkew(at: now)
    switch reason {
    case .halted: standing.halt = stop
    case .banned: standing.ban = stop
    case .breakerOpen: standing.failure = stop
    }
  }

  /// Tells what has changed since it was told last.
  func tellLine(at now: Moment) {
    let present = engine.gate.standing
    let before = standing.told
    guard present != before else { return }
    standing.told = present
    if present.state != before.state { standing.since = now.wall }
    if present.isBreakerOpen, !before.isBreakerOpen { notify(.breakerOpened(standing.failure)) }
    if !present.isBreakerOpen, before.isBreakerOpen { notify(.breakerClosed) }
    if present.isHalted, !before.isHalted { notify(.lineStopped(standing.halt ?? .unexplainedHalt)) }
    if present.isBanned, !before.isBanned, let ban = standing.ban { notify(.lineStopped(ban)) }
    if present.isLongBanned, !before.isLongBanned { notify(.banIsLong(standing.ban)) }
    if present.isBraked, !before.isBraked {
      notify(.lineBraked(badCount: engine.gate.badOutcomeCount, window: engine.settings.brake.window))
    }
    let stopped = before.isHalted || before.isBanned || before.isBraked || before.isPaused
    let stops = present.isHalted || present.isBanned || present.isBraked || present.isPaused
    if stopped, !stops { notify(.lineResumed) }
  }
}

extension LineStop {
  /// Only if the answer that halted the line belonged to a lost assignment.
  fileprivate static var unexplainedHalt: LineStop { LineStop(reason: .halted, ruling: .configurationFault) }
}

extension GatewayAnswer {
  /// For cold paths.
  func copy(_ range: TextRange) -> String? {
    range.isPresent ? text.withBytes(of: range) { String(decoding: $0, as: UTF8.self) } : nil
  }
}
