internal import BridgeCore
internal import BridgeOps
internal import BridgeRuntime

/// One line a minute about what was done in it.
struct MinuteSummary {
  private static let interval = TimeSpan.seconds(60)

  private var writtenAt: MonotonicTime
  private var tally = LineTally()

  init(at now: Moment) { writtenAt = now.monotonic }

  mutating func look(at loop: WorkerLoop, _ now: Moment, _ log: WorkerLog) {
    let span = now.monotonic - writtenAt
    guard span >= Self.interval else { return }
    let done = loop.tally
    let load = loop.load
    var fields: [(LogKey, LogValue)] = [
      (.seconds, .integer(span.milliseconds / 1_000)),
      (.events, .integer(Int64(done.eventCount - tally.eventCount))),
    ]
    for kind in OutcomeKind.allCases {
      let count = done.outcomeCount(of: kind) - tally.outcomeCount(of: kind)
      fields.append((LogKey(kind), .integer(Int64(count))))
    }
    fields += [
      (.lag, .integer(load.lag)), (.inFlight, .integer(Int64(load.inFlightCount))),
      (.unresolved, .integer(Int64(load.unresolvedCount))),
    ]
    log.write(.info, "summary", fields)
    writtenAt = now.monotonic
    tally = done
  }
}

extension LogKey {
  fileprivate init(_ kind: OutcomeKind) {
    self =
      switch kind {
      case .delivered: .delivered
      case .rejected: .rejected
      case .invalid: .invalid
      case .expired: .expired
      case .failed: .failed
      case .inDoubt: .inDoubt
      }
  }
}
