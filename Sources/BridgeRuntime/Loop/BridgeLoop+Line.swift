package import BridgeCore

/// What the loop remembers of the line's last change, for whoever asks how it stands.
struct LineStanding {
  var since: WallTime?
  var stop: LineStop?
  var pause: (reason: String, since: WallTime)?
}

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// How the line stands; a pause is shown before everything else, because nothing but an operator ends it.
  package func lineStatus() -> LineStatus {
    var status = LineStatus()
    status.since = standing.since
    switch engine.gate.state {
    case .running: status.state = .running
    case .stopped(.halted, _), .probing(.halted): status.state = .halted
    case .stopped(.banned, _), .probing(.banned): status.state = .banned
    }
    status.stop = standing.stop
    status.nextProbeAt = engine.gate.opensAt
    if let pause = standing.pause {
      status.state = .paused
      status.since = pause.since
      status.pauseReason = pause.reason
    }
    return status
  }

  /// Nothing is sent until `resume`; what is under way ends. A second pause changes the reason only.
  package func pause(reason: String, at now: Moment) {
    engine.isPaused = true
    standing.pause = (reason, standing.pause?.since ?? now.wall)
    notify(.linePaused(reason: reason))
  }

  package func resume(at now: Moment) {
    guard standing.pause != nil else { return }
    engine.isPaused = false
    standing.pause = nil
    standing.since = now.wall
    notify(.lineResumed)
  }
}
