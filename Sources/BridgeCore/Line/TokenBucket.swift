/// Keeps a rate of requests: what is behind may be made up for by a tenth of a second's worth at once.
struct TokenBucket {
  private static let burstNanoseconds: Int64 = 100_000_000

  /// 0: there is no limit.
  private let intervalNanoseconds: Int64
  /// When the request after the last one would be due if all kept the interval.
  private var dueNanoseconds: Int64 = .min / 2

  init(requestsPerSecond: Int) {
    intervalNanoseconds = requestsPerSecond > 0 ? 1_000_000_000 / Int64(requestsPerSecond) : 0
  }

  func admits(at now: MonotonicTime) -> Bool {
    intervalNanoseconds == 0 || dueNanoseconds - slack <= now.microseconds * 1_000
  }

  /// Nil: at once.
  func admitsAt(_ now: MonotonicTime) -> MonotonicTime? {
    admits(at: now) ? nil : MonotonicTime(microseconds: (dueNanoseconds - slack + 999) / 1_000)
  }

  mutating func requestStarted(at now: MonotonicTime) {
    guard intervalNanoseconds > 0 else { return }
    dueNanoseconds = max(dueNanoseconds, now.microseconds * 1_000) + intervalNanoseconds
  }

  /// At least one request is always allowed when its time has come.
  private var slack: Int64 { max(Self.burstNanoseconds - intervalNanoseconds, 0) }
}
