/// When it is the gateway that fails, and not a message, requests stop but for probes.
package struct BreakerSettings: Sendable {
  package var window = TimeSpan.seconds(10)
  /// In the window, before its share counts.
  package var resultMinimum = 20
  /// In 1 000.
  package var failureShare = 500
  /// However old, without a success between.
  package var failuresInARow = 5
  package var probeBase = TimeSpan.seconds(1)
  package var probeCap = TimeSpan.seconds(30)

  package init() {}
}

/// Counts results of requests and opens when too many failed.
struct Breaker {
  enum State: Equatable {
    /// → `open`
    case closed
    /// One probe at `until`. → `closed`, or open longer
    case open(until: MonotonicTime)
  }

  /// What a result says about the gateway, whatever it says about the message.
  enum Result: Equatable {
    case success
    case failure
    /// It answers, but has not come as far as the message.
    case neutral
  }

  private struct Portion {
    var number: Int64 = -1
    var resultCount: Int32 = 0
    var failureCount: Int32 = 0
  }

  private static let portionCount = 10
  /// After it has closed: so many requests at once, twice as many each second.
  static let rampBase = 8
  static let rampStep = TimeSpan.seconds(1)
  static let rampStepCount: Int64 = 10

  private let settings: BreakerSettings
  private let portionSpan: Int64
  private(set) var state = State.closed
  private var portions = [Portion](repeating: Portion(), count: Breaker.portionCount)
  private var resultCount: Int32 = 0
  private var failureCount: Int32 = 0
  private var newestPortion: Int64 = -1
  private(set) var failuresInARow = 0
  private var failedProbeCount = 0
  /// Nil once the full rate is reached again.
  private var closedAt: MonotonicTime?

  init(_ settings: BreakerSettings) {
    self.settings = settings
    portionSpan = max(settings.window.microseconds / Int64(Self.portionCount), 1)
  }

  var isOpen: Bool { state != .closed }

  func admission(at now: MonotonicTime) -> Halt.Admission {
    switch state {
    case .closed: .any
    case .open(let until): now >= until ? .probe : .none
    }
  }

  /// A request, or an attempt to connect, has ended. `askedWait`: what the gateway wants it to wait.
  mutating func ended(_ result: Result, isProbe: Bool, askedWait: TimeSpan = .zero, at now: MonotonicTime) {
    switch state {
    case .closed:
      count(result, at: now)
      if failuresInARow >= settings.failuresInARow || isShareReached { open(askedWait, at: now) }
    case .open(let until):
      // What started before it opened tells nothing new.
      guard isProbe else { return }
      switch result {
      case .success, .neutral: close(at: now)
      case .failure:
        failedProbeCount += 1
        state = .open(until: max(until, now + wait(askedWait)))
      }
    }
  }

  private mutating func count(_ result: Result, at now: MonotonicTime) {
    switch result {
    case .neutral: return
    case .success: failuresInARow = 0
    case .failure: failuresInARow += 1
    }
    let number = now.microseconds / portionSpan
    if number != newestPortion { turn(to: number) }
    let place = Int(number % Int64(Self.portionCount))
    portions[place].resultCount += 1
    resultCount += 1
    guard result == .failure else { return }
    portions[place].failureCount += 1
    failureCount += 1
  }

  private mutating func turn(to number: Int64) {
    newestPortion = number
    for place in portions.indices where portions[place].number <= number - Int64(Self.portionCount) {
      resultCount -= portions[place].resultCount
      failureCount -= portions[place].failureCount
      portions[place].resultCount = 0
      portions[place].failureCount = 0
    }
    portions[Int(number % Int64(Self.portionCount))].number = number
  }

  private var isShareReached: Bool {
    Int(resultCount) >= settings.resultMinimum
      && Int(failureCount) * 1_000 >= Int(resultCount) * settings.failureShare && failureCount > 0
  }

  private mutating func open(_ askedWait: TimeSpan, at now: MonotonicTime) {
    failedProbeCount = 0
    closedAt = nil
    state = .open(until: now + wait(askedWait))
  }

  private mutating func close(at now: MonotonicTime) {
    state = .closed
    failuresInARow = 0
    failedProbeCount = 0
    resultCount = 0
    failureCount = 0
    for place in portions.indices { portions[place] = Portion() }
    newestPortion = -1
    closedAt = now
  }

  private func wait(_ askedWait: TimeSpan) -> TimeSpan {
    let doubled = settings.probeBase.microseconds << Int64(min(failedProbeCount, 20))
    return TimeSpan(
      microseconds: min(max(doubled, askedWait.microseconds), settings.probeCap.microseconds))
  }

  // MARK: The ramp

  /// How many requests may be under way, by the time since it closed.
  mutating func requestLimit(_ limit: Int, at now: MonotonicTime) -> Int {
    guard let closedAt else { return limit }
    let steps = (now - closedAt).microseconds / Self.rampStep.microseconds
    let allowed = Self.rampBase << Int(min(max(steps, 0), Self.rampStepCount))
    guard allowed < limit else {
      self.closedAt = nil
      return limit
    }
    return allowed
  }

  /// When the limit rises next.
  func limitRisesAt(_ now: MonotonicTime) -> MonotonicTime? {
    guard let closedAt else { return nil }
    let steps = (now - closedAt).microseconds / Self.rampStep.microseconds
    return closedAt + TimeSpan(microseconds: (steps + 1) * Self.rampStep.microseconds)
  }
}
