/// Waits out the gateway's quotas: nothing starts before the time that the gateway named, and a little more, is over;
/// then one request shows whether the ban still stands.
struct Ban {
  enum State: Equatable {
    /// → `standing`
    case none
    /// A ban from before the start may stand: one request shows it. → `none`, `standing`
    case unknown
    /// Nothing starts before `until`, then one request. → `none`, or later again
    case standing(until: MonotonicTime)
  }

  /// Of a ban without a number; doubles up to the cap.
  static let cap = TimeSpan.seconds(60)
  /// A longer one is believed up to here, then probed.
  static let limit = TimeSpan.seconds(86_400)
  /// Added to a ban, at random, so that workers do not come back together.
  static let jitterLimit = TimeSpan.seconds(1)
  /// A longer one wants a person's attention.
  static let alarmLimit = TimeSpan.seconds(300)

  private(set) var state: State
  private(set) var since: MonotonicTime?
  private let base: TimeSpan
  /// Answers without a number in a row, each to a request that started after the one before was over.
  private var unnumberedCount = 0
  /// Requests with a higher number started after the last ban was read.
  private var lastStarted: UInt64 = 0

  init(base: TimeSpan, probesFirst: Bool) {
    self.base = base
    state = probesFirst ? .unknown : .none
  }

  var isStanding: Bool {
    if case .standing = state { return true }
    return false
  }

  /// It lasts so long, as far as is known, that somebody should look.
  var isLong: Bool {
    guard case .standing(let until) = state, let since else { return false }
    return until - since > Self.alarmLimit
  }

  func admission(at now: MonotonicTime) -> Halt.Admission {
    switch state {
    case .none: .any
    case .unknown: .probe
    case .standing(let until): now >= until ? .probe : .none
    }
  }

  /// `number`: of the banned request; `started`: of the last one that has started. `jitter`: 0 to `jitterLimit`.
  mutating func banned(
    seconds: Int64?, number: UInt64, started: UInt64, jitter: TimeSpan, at now: MonotonicTime
  ) {
    let isLater = number > lastStarted
    let before: MonotonicTime? = if case .standing(let until) = state { until } else { nil }
    let wait: TimeSpan
    if let seconds {
      unnumberedCount = 0
      wait = .seconds(min(max(seconds, 0), Self.limit.microseconds / 1_000_000))
    } else {
      // Requests that were under way at the first answer say the same again.
      if before == nil { unnumberedCount = 1 } else if isLater { unnumberedCount += 1 }
      let doublings = Int64(min(max(unnumberedCount - 1, 0), 20))
      wait = TimeSpan(microseconds: min(Self.cap.microseconds, base.microseconds << doublings))
    }
    let until = now + wait + jitter
    state = .standing(until: before.map { max($0, until) } ?? until)
    if since == nil { since = now }
    if isLater || before == nil { lastStarted = started }
  }

  /// The request with this number was not banned. That says something only of one that started after the ban was read:
  /// a probe for another reason may have been under way.
  mutating func passed(number: UInt64) {
    guard number > lastStarted else { return }
    state = .none
    since = nil
    unnumberedCount = 0
  }
}
