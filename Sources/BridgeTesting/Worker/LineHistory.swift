import BridgeCore
import BridgeRuntime

/// What one process knew and said of its line, and when; times are the world's.
struct LineHistory {
  /// It has read that nothing may be sent before.
  private(set) var bannedUntil: Int64 = 0
  /// The last answer's date was far off this machine's clock.
  private(set) var distrustsClock = false
  /// Nothing was sent since it read of the ban.
  private var awaitsResumption = false
  private(set) var isPaused = false
  private(set) var isBraked = false
  /// From when to when the breaker was open, or the line stopped for another reason; the last may still be.
  private(set) var openings: [(from: Int64, to: Int64?)] = []
  private(set) var stops: [(from: Int64, to: Int64?)] = []
  /// Those of the stops that were no bans.
  private var halts: [(from: Int64, to: Int64?)] = []
  private(set) var assignmentCount = 0

  mutating func read(_ reply: AttemptEnding, banSeconds: Int64?, at world: World) {
    if let banSeconds {
      bannedUntil = max(bannedUntil, world.now + banSeconds * 1_000_000)
      awaitsResumption = true
    }
    guard case .answered(_, _, let date?) = reply else { return }
    distrustsClock = abs(date * 1_000 - world.moment.wall.milliseconds) > 120_000
  }

  mutating func noticed(_ notice: RuntimeNotice, at now: Int64) {
    switch notice {
    case .linePaused:
      isPaused = true
      begin(&stops, at: now)
    case .lineBraked:
      isBraked = true
      begin(&stops, at: now)
    case .lineStopped(let stop):
      if stop.reason != .banned { begin(&halts, at: now) }
      begin(&stops, at: now)
    case .lineResumed:
      released()
      end(&stops, at: now)
      end(&halts, at: now)
    case .breakerOpened: begin(&openings, at: now)
    case .breakerClosed: end(&openings, at: now)
    case .assigned: assignmentCount += 1
    case .partitionStarted, .partitionUndecided, .partitionTakenOver, .revoked, .lost, .batch,
      .outcomeRefused, .banIsLong, .drainStarted, .drained, .drainMissed:
      break
    }
  }

  /// A request starts; how long after the end of the ban, if it is the first.
  mutating func resumedAfterBan(at now: Int64) -> Int64? {
    guard awaitsResumption else { return nil }
    awaitsResumption = false
    return now - bannedUntil
  }

  /// An operator lets it go on.
  mutating func released() {
    isPaused = false
    isBraked = false
  }

  private func begin(_ times: inout [(from: Int64, to: Int64?)], at now: Int64) {
    if times.last.map({ $0.to != nil }) ?? true { times.append((now, nil)) }
  }

  private func end(_ times: inout [(from: Int64, to: Int64?)], at now: Int64) {
    if let last = times.indices.last, times[last].to == nil { times[last].to = now }
  }

  /// A failure that was read then uses up an attempt, or may do so.
  func counts(_ readAt: Int64) -> Bool {
    !openings.contains { readAt > $0.from && readAt < ($0.to ?? .max) }
  }

  /// A failure of this attempt uses one up for certain: it cannot have been a probe.
  func certainlyCounts(from start: Int64, to end: Int64) -> Bool {
    !(openings + halts).contains { $0.from <= end && start <= $0.to ?? .max }
  }

  /// How long the line stood still between two times.
  func stoodStill(from start: Int64, to end: Int64) -> Int64 {
    let times = (openings + stops).map { (max($0.from, start), min($0.to ?? .max, end)) }.filter {
      $0.0 < $0.1
    }
    var sum: Int64 = 0
    var reached = start
    for (from, to) in times.sorted(by: { $0.0 < $1.0 }) where to > reached {
      sum += to - max(from, reached)
      reached = to
    }
    return sum
  }
}
