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

  package init(reason: LineGate.Reason, ruling: VerdictClass) {
    self.reason = reason
    self.ruling = ruling
  }
}
