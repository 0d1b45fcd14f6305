package import BridgeCore

/// Lets one line per cause through in each interval. The others are counted, and the last of them is written with that
/// count when the interval is over, so that nothing happens unsaid.
package struct RepeatLimiter: Sendable {
  /// Causes remembered at a time; further ones share a single place.
  package static let causeLimit = 256
  private static let furtherCauses = "further causes"

  private struct Cause {
    var writtenAt: MonotonicTime
    var heldBack: LogLine?
    var heldBackCount = 0
  }

  private let interval: TimeSpan
  private var causes: [String: Cause] = [:]
  /// Nothing is overdue before.
  private var nextLook = MonotonicTime(microseconds: .max)

  package init(interval: TimeSpan = .seconds(30)) { self.interval = interval }

  /// The line as it is to be written, with the count of those held back before it; nil: not now.
  package mutating func admit(_ line: LogLine, cause: String, at now: MonotonicTime) -> LogLine? {
    let isKnown = causes[cause] != nil
    if !isKnown, causes.count >= Self.causeLimit { forgetQuiet(at: now) }
    let place = isKnown || causes.count < Self.causeLimit ? cause : Self.furtherCauses
    guard var known = causes[place] else {
      causes[place] = Cause(writtenAt: now)
      return line
    }
    defer { causes[place] = known }
    guard now - known.writtenAt < interval else {
      let count = known.heldBackCount + 1
      known = Cause(writtenAt: now)
      return count > 1 ? line.counted(count) : line
    }
    known.heldBack = line
    known.heldBackCount += 1
    nextLook = min(nextLook, known.writtenAt + interval)
    return nil
  }

  /// Lines whose interval is over and that no further one has brought out.
  package mutating func overdue(at now: MonotonicTime) -> [LogLine] {
    guard now >= nextLook else { return [] }
    return takeHeldBack(writtenUntil: now - interval, at: now)
  }

  /// All that is held back, for the end.
  package mutating func rest(at now: MonotonicTime) -> [LogLine] {
    takeHeldBack(writtenUntil: now, at: now)
  }

  private mutating func takeHeldBack(writtenUntil limit: MonotonicTime, at now: MonotonicTime) -> [LogLine] {
    var lines: [LogLine] = []
    nextLook = MonotonicTime(microseconds: .max)
    for (name, cause) in causes {
      guard let line = cause.heldBack else { continue }
      if cause.writtenAt <= limit {
        lines.append(cause.heldBackCount > 1 ? line.counted(cause.heldBackCount) : line)
        causes[name] = Cause(writtenAt: now)
      } else {
        nextLook = min(nextLook, cause.writtenAt + interval)
      }
    }
    return lines.sorted { $0.time < $1.time }
  }

  private mutating func forgetQuiet(at now: MonotonicTime) {
    causes = causes.filter { $1.heldBack != nil || now - $1.writtenAt < interval }
  }
}

extension LogLine {
  fileprivate func counted(_ count: Int) -> LogLine {
    var line = self
    line.fields.append((.count, .integer(Int64(count))))
    return line
  }
}
