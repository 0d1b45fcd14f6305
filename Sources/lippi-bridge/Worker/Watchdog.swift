internal import BridgeCore
internal import BridgeOps
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ends the process when a library does not come back. An end is always safe: a restart takes up what was left.
final class Watchdog: Sendable {
  static let silenceThatAlarms = TimeSpan.seconds(10)
  static let silenceThatEnds = TimeSpan.seconds(30)
  static let closingLimit = TimeSpan.seconds(10)
  /// For one call of the committer into the library. None lasts longer than its time-out of some seconds, whatever the
  /// brokers do.
  static let committerLimit = TimeSpan.seconds(60)

  /// In the future during the start, whose waits for the brokers have limits of their own.
  private let lastTurn: Atomic<Int64>
  private let committerSign: Atomic<Int64>
  private let closingSince = Atomic<Int64>(0)
  private let queue = DispatchQueue(label: "watchdog", qos: .default)
  private let log: Log

  /// `startLimit`: the longest that the start may take before the first turn.
  init(_ log: Log, startLimit: TimeSpan) {
    self.log = log
    let startEnd = (WorkerClock.now().monotonic + startLimit).microseconds
    lastTurn = Atomic(startEnd)
    committerSign = Atomic(startEnd)
    lookAgain()
  }

  private func lookAgain() {
    queue.asyncAfter(deadline: .now() + 1) { [weak self] in
      self?.look()
      self?.lookAgain()
    }
  }

  /// `committerSign`: when the committer's thread last came out of the library.
  func turned(at now: Moment, committerSign sign: MonotonicTime) {
    lastTurn.store(now.monotonic.microseconds, ordering: .relaxed)
    committerSign.store(sign.microseconds, ordering: .relaxed)
  }

  /// From now on the clients are being closed.
  func closing(at now: Moment) { closingSince.store(now.monotonic.microseconds, ordering: .relaxed) }

  private func look() {
    let now = WorkerClock.now()
    let since = closingSince.load(ordering: .relaxed)
    if since > 0 {
      guard now.monotonic.microseconds - since > Self.closingLimit.microseconds else { return }
      end(.closeStuck, "closing the Kafka clients does not end", at: now)
    }
    let silence = now.monotonic.microseconds - lastTurn.load(ordering: .relaxed)
    if silence > Self.silenceThatEnds.microseconds { end(.loopSilent, "the loop stands still", at: now) }
    // A loop that stands still has not looked at the committer either.
    let committerSilence = lastTurn.load(ordering: .relaxed) - committerSign.load(ordering: .relaxed)
    if committerSilence > Self.committerLimit.microseconds {
      end(.transactionStuck, "a transaction stands still", at: now)
    }
    if silence > Self.silenceThatAlarms.microseconds {
      log.write(
        LogLine(.error, "the loop is silent", [(.seconds, .integer(silence / 1_000_000))], at: now.wall))
    }
  }

  private func end(_ code: ExitCode, _ message: StaticString, at now: Moment) -> Never {
    log.write(LogLine(.error, message, [(.exitCode, .integer(Int64(code.rawValue)))], at: now.wall))
    log.flush(atMost: .seconds(1))
    _exit(code.rawValue)
  }
}
