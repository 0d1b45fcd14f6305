internal import BridgeCore

/// After a failed connect the next waits, longer each time; until an answer has come only one is tried at a time.
struct ConnectBackOff {
  static let base = TimeSpan.milliseconds(100)
  static let cap = TimeSpan.seconds(3)

  private(set) var failureCount = 0
  /// Nil: at once.
  private(set) var retryAt: MonotonicTime?
  private var failedAt = MonotonicTime(microseconds: .min)

  var isProbing: Bool { failureCount > 0 }

  func allowsConnect(at now: MonotonicTime) -> Bool { retryAt.map { $0 <= now } ?? true }

  /// Connects that began before the last failure tell nothing new.
  mutating func connectFailed(begunAt: MonotonicTime, at now: MonotonicTime) {
    guard failureCount == 0 || begunAt >= failedAt else { return }
    failedAt = now
    let doublings = min(failureCount, 5)
    failureCount += 1
    let wait = min(TimeSpan(microseconds: Self.base.microseconds << Int64(doublings)), Self.cap)
    retryAt = now + wait
  }

  mutating func connected() { retryAt = nil }

  mutating func answered() {
    failureCount = 0
    retryAt = nil
  }
}
