/// What kind of answer an attempt got.
package enum VerdictClass: UInt8, Sendable, CaseIterable {
  /// The backend took the message.
  case delivered
  /// A quota is used up: nothing is sent until the ban ends.
  case flowControl
  /// The gateway could not reach the backend: again, with back-off.
  case backendNotReached
  /// May go better later: again with back-off, where the effect allows.
  case temporary
  /// Called temporary by its code but is not: terminal for this message.
  case notTemporary
  /// Wrong key, permission, address: every message would fail, so the line stops.
  case configurationFault
  /// Our clock and the gateway's differ too much: the line stops.
  case clockFault
  /// A request that no correct client sends: the line stops.
  case programmingFault
  /// Refused for what it is: terminal for this message.
  case refused
  /// No rule knows the answer: terminal for this message, counted and alarmed.
  case unknown

  /// As rules, metrics and logs write it.
  package var name: StaticString {
    switch self {
    case .delivered: "delivered"
    case .flowControl: "flow_control"
    case .backendNotReached: "backend_not_reached"
    case .temporary: "temporary"
    case .notTemporary: "not_temporary"
    case .configurationFault: "configuration_fault"
    case .clockFault: "clock_fault"
    case .programmingFault: "programming_fault"
    case .refused: "refused"
    case .unknown: "unknown"
    }
  }
}

/// Who refused a message, for verdicts of class `refused`.
package enum Refuser: UInt8, Sendable {
  /// An `error_response`.
  case gateway
  /// `result.success` false, or code 15 with a bare or `isv.` sub_code.
  case backend
  /// 413, 414, 431: the request was larger than somebody on the way takes.
  case requestSize
}

/// What one ended attempt means.
package struct Verdict: Equatable, Sendable {
  package var ruling: VerdictClass
  package var effect: Effect
  package var refuser: Refuser
  /// With `flowControl`: how long the ban lasts, if the answer says.
  package var banSeconds: Int64?
  /// With HTTP 429 or 503: the answer's `Retry-After`, if it has one.
  package var retryAfterSeconds: Int64?

  package init(
    _ ruling: VerdictClass, effect: Effect, refuser: Refuser = .gateway, banSeconds: Int64? = nil,
    retryAfterSeconds: Int64? = nil
  ) {
    self.ruling = ruling
    self.effect = effect
    self.refuser = refuser
    self.banSeconds = banSeconds
    self.retryAfterSeconds = retryAfterSeconds
  }
}
