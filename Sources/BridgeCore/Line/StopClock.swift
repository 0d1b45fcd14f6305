/// How long the line stood still so far, by reason; only differences mean anything.
struct StoppedTime: Equatable {
  /// For our own faults, by the brake or by an operator.
  var halted = TimeSpan.zero
  var banned = TimeSpan.zero
  var breakerOpen = TimeSpan.zero

  var total: TimeSpan { halted + banned + breakerOpen }
}

/// Adds up for which reason the line stands still. One at a time: the one that would last if the others ended.
struct StopClock {
  enum Reason: Equatable {
    case halt
    case ban
    case breaker
  }

  private var past = StoppedTime()
  private var reason: Reason?
  private var since = MonotonicTime(microseconds: 0)

  func stopped(at now: MonotonicTime) -> StoppedTime {
    var total = past
    switch reason {
    case nil: break
    case .halt: total.halted += now - since
    case .ban: total.banned += now - since
    case .breaker: total.breakerOpen += now - since
    }
    return total
  }

  mutating func stands(for reason: Reason?, at now: MonotonicTime) {
    guard reason != self.reason else { return }
    past = stopped(at: now)
    self.reason = reason
    since = now
  }
}
