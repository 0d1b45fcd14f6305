package import BridgeCore

/// Lets one line per cause through in each interval and counts the rest.
package struct RepeatLimiter: Sendable {
  /// Causes remembered; more than this many different ones are let through unlimited.
  private static let causeLimit = 256

  private struct Cause {
    var lastWritten: MonotonicTime
    var suppressedCount = 0
  }

  private let interval: TimeSpan
  private var causes: [String: Cause] = [:]

  package init(interval: TimeSpan = .seconds(30)) { self.interval = interval }

  /// Nil: not now. Otherwise how many lines of this cause were held back before.
  package mutating func admit(_ cause: String, at now: MonotonicTime) -> Int? {
    guard var known = causes[cause] else {
      if causes.count < Self.causeLimit { causes[cause] = Cause(lastWritten: now) }
      return 0
    }
    defer { causes[cause] = known }
    guard now - known.lastWritten >= interval else {
      known.suppressedCount += 1
      return nil
    }
    let suppressed = known.suppressedCount
    known = Cause(lastWritten: now)
    return suppressed
  }
}
