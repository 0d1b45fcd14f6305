/// Stops the line when the gateway refuses a request for a fault that every request would have: wrong key, missing
/// permission, clock off. One such answer proves nothing, because one event may bring a caller of its own: probes of
/// other lanes, and if possible of other callers, confirm it first. Who gets through decides (`passed`).
struct Halt {
  enum State: Equatable {
    /// Nothing is held against the line. → `confirming`, `halted`
    case clear
    /// A request was refused; only probes of lanes without such an answer start. → `clear`, `halted`
    case confirming(probeCount: Int)
    /// It is our fault until something gets through. A probe goes out at `until`, whichever lane it is of; before
    /// that, lanes that were not asked yet may confirm or refute. → `clear`
    case halted(until: MonotonicTime, confirmationsLeft: Int)
  }

  /// Which request may start as far as the halt is concerned.
  enum Admission: Equatable {
    case any
    /// One of a lane that was not refused.
    case freshProbe
    case probe
    case none
  }

  /// Probes of different lanes that confirm it.
  static let confirmationLimit = 3
  static let base = TimeSpan.seconds(5)
  static let cap = TimeSpan.seconds(60)

  private(set) var state = State.clear
  /// Probes at their time that were refused, one after the other.
  private var refusedProbeCount = 0

  var isHalted: Bool {
    switch state {
    case .clear, .confirming: false
    case .halted: true
    }
  }

  func admission(at now: MonotonicTime) -> Admission {
    switch state {
    case .clear: .any
    case .confirming: .freshProbe
    case .halted(let until, let left): now >= until ? .probe : left > 0 ? .freshProbe : .none
    }
  }

  /// When a probe goes out although no other lane has come.
  var probesAt: MonotonicTime? {
    guard case .halted(let until, _) = state else { return nil }
    return until
  }

  /// A request was refused for a fault that is not the message's.
  mutating func refused(isProbe: Bool, at now: MonotonicTime) {
    switch state {
    case .clear:
      state = .confirming(probeCount: 0)
    case .confirming(let count):
      guard isProbe else { return }
      if count + 1 == Self.confirmationLimit {
        state = .halted(until: now + wait, confirmationsLeft: 0)
      } else {
        state = .confirming(probeCount: count + 1)
      }
    case .halted(let until, let left):
      guard isProbe else { return }
      if now < until {
        state = .halted(until: until, confirmationsLeft: max(left - 1, 0))
      } else {
        refusedProbeCount += 1
        state = .halted(until: now + wait, confirmationsLeft: left)
      }
    }
  }

  /// A probe brought no answer that tells anything.
  mutating func probeToldNothing(at now: MonotonicTime) {
    switch state {
    case .clear: break
    case .confirming: refused(isProbe: true, at: now)
    case .halted(let until, let left):
      state = .halted(
        until: now < until ? until : now + wait, confirmationsLeft: now < until ? max(left - 1, 0) : left)
    }
  }

  /// A request that started after every refusal got as far as its message.
  mutating func passed() {
    state = .clear
    refusedProbeCount = 0
  }

  /// There is no lane left that could confirm it: until something gets through, it is our fault.
  mutating func noOtherLane(at now: MonotonicTime) {
    switch state {
    case .clear: state = .halted(until: now + wait, confirmationsLeft: Self.confirmationLimit)
    case .confirming(let count):
      state = .halted(until: now + wait, confirmationsLeft: Self.confirmationLimit - count)
    case .halted: break
    }
  }

  /// Answers that nobody knows came one after the other: there is nothing to confirm.
  mutating func stopped(isProbe: Bool, at now: MonotonicTime) {
    switch state {
    case .clear, .confirming: state = .halted(until: now + wait, confirmationsLeft: 0)
    case .halted: refused(isProbe: isProbe, at: now)
    }
  }

  /// What was refused is not ours any more, and nothing was confirmed.
  mutating func forgotten() {
    if case .confirming = state { state = .clear }
  }

  private var wait: TimeSpan {
    TimeSpan(
      microseconds: min(Self.cap.microseconds, Self.base.microseconds << Int64(min(refusedProbeCount, 10))))
  }
}
