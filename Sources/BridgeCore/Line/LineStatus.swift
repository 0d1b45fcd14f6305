/// Whether requests go out, and if not, why and since when: what health, metrics and the status topic are drawn from.
package struct LineStatus: Equatable, Sendable {
  package enum State: UInt8, Sendable, CaseIterable {
    case running
    /// Our own fault: wrong key, missing permission, clock off. Probes show when it is mended.
    case halted
    /// The gateway's quota is used up.
    case banned
    /// The gateway is down or refuses: probes show when it is back.
    case breakerOpen
    /// Too many messages were refused or failed: an operator decides.
    case braked
    /// An operator stopped it.
    case paused

    package var name: StaticString {
      switch self {
      case .running: "running"
      case .halted: "halted"
      case .banned: "banned"
      case .breakerOpen: "breaker_open"
      case .braked: "braked"
      case .paused: "paused"
      }
    }
  }

  package var state = State.running
  /// Nil while it has run since the start.
  package var since: WallTime?
  /// The answer that stopped it; nil if none did.
  package var stop: LineStop?
  /// What the operator gave as reason for a pause.
  package var pauseReason: String?
  /// When the next probe goes out, or the ban is over.
  package var nextProbeAt: MonotonicTime?
  /// With `banned`: it lasts more than 300 s, as far as is known.
  package var isLongBan = false
  /// How much this machine's clock is ahead of the gateway's; zero if that cannot be told from none, nil if no answer
  /// had a `Date`.
  package var clockSkew: TimeSpan?

  package init() {}
}

/// Why nothing is sent, as the answer that stopped the line has it.
package struct LineStop: Sendable, Equatable {
  package var reason: LineGate.Reason
  package var ruling: VerdictClass
  package var httpStatus: Int?
  package var code: Int64?
  package var subCode: String?
  package var seconds: Int64?
  /// How much this machine's clock is ahead of the gateway's, if known.
  package var clockSkew: TimeSpan?

  package init(reason: LineGate.Reason, ruling: VerdictClass) {
    self.reason = reason
    self.ruling = ruling
  }
}

extension LineGate.Standing {
  /// The one that would last if the others ended.
  package var state: LineStatus.State {
    if isPaused { return .paused }
    if isBraked { return .braked }
    if isHalted { return .halted }
    if isBanned { return .banned }
    return isBreakerOpen ? .breakerOpen : .running
  }
}
