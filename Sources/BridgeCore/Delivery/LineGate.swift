/// Lets requests through, or stops the line for our own faults (halt) and for the gateway's quotas (ban). When the
/// wait is over one request goes out as a probe: a better answer opens the line, the same kind of answer closes it
/// for longer.
package struct LineGate: Sendable {
  package enum Reason: UInt8, Sendable {
    case halted
    case banned
  }

  package enum State: Equatable, Sendable {
    case running
    /// Nothing is sent before `until`.
    case stopped(Reason, until: MonotonicTime)
    /// One request is out to see whether the line may run again.
    case probing(Reason)
  }

  static let haltBase = TimeSpan.seconds(5)
  static let haltCap = TimeSpan.seconds(60)
  static let banBase = TimeSpan.seconds(1)
  static let banCap = TimeSpan.seconds(60)
  /// Longer bans are believed up to here, then probed.
  static let banLimit = TimeSpan.seconds(86_400)

  package private(set) var state = State.running
  private var stopCount = 0
  private var stoppedSince: MonotonicTime?
  private var stoppedReason = Reason.halted
  private var past = StoppedTime()

  package init() {}

  /// Whether a request may go out now; a probe takes the only place.
  func admits(at now: MonotonicTime) -> Bool {
    switch state {
    case .running: return true
    case .probing: return false
    case .stopped(_, let until): return now >= until
    }
  }

  mutating func requestStarted() {
    if case .stopped(let reason, _) = state { state = .probing(reason) }
  }

  /// The request that was let through was not sent after all, or nothing can be learnt from it.
  mutating func probeReturned(at now: MonotonicTime) {
    if case .probing(let reason) = state { state = .stopped(reason, until: now) }
  }

  /// An answer that does not stop the line. Answers to requests sent before the stop do not open it.
  mutating func answered(wasProbe: Bool, at now: MonotonicTime) {
    guard wasProbe, case .probing = state else { return }
    past = stopped(at: now)
    stoppedSince = nil
    stopCount = 0
    state = .running
  }

  /// An answer that stops the line. `seconds`: how long the gateway says a ban lasts.
  mutating func stop(_ reason: Reason, seconds: Int64?, wasProbe: Bool, at now: MonotonicTime) {
    if case .stopped(_, let until) = state, seconds == nil, until > now { return }
    if wasProbe || state == .running { stopCount += 1 }
    past = stopped(at: now)
    stoppedSince = now
    stoppedReason = reason
    let doublings = Int64(min(max(stopCount - 1, 0), 10))
    let wait: TimeSpan
    switch reason {
    case .halted:
      wait = TimeSpan(microseconds: min(Self.haltCap.microseconds, Self.haltBase.microseconds << doublings))
    case .banned:
      wait =
        seconds.map { min(Self.banLimit, .seconds(min($0, 86_400))) }
        ?? TimeSpan(microseconds: min(Self.banCap.microseconds, Self.banBase.microseconds << doublings))
    }
    state = .stopped(reason, until: now + wait)
  }

  /// When the next probe may go out.
  package var opensAt: MonotonicTime? {
    guard case .stopped(_, let until) = state else { return nil }
    return until
  }

  /// How long the line has stood still so far.
  func stopped(at now: MonotonicTime) -> StoppedTime {
    var total = past
    guard let stoppedSince else { return total }
    switch stoppedReason {
    case .halted: total.halted += now - stoppedSince
    case .banned: total.banned += now - stoppedSince
    }
    return total
  }
}
