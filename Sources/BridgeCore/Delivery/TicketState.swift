/// One unresolved record, from its arrival to its recorded outcome.
struct TicketState {
  enum Phase: UInt8 {
    /// The slot holds no record.
    case free
    /// Delivered, not decoded yet → `queued` or a head's phase.
    case arriving
    /// Behind the head of its lane → `ready`, `atCeiling` or `resolved`.
    case queued
    /// Head of its lane, may be sent → `inFlight`, or `parked` when its partition stops sending.
    case ready
    /// Head of its lane; a request of it from an earlier assignment still runs → as a head.
    case besideOldAttempt
    /// Head of its lane, not below the durable ceiling → `ready`.
    case atCeiling
    /// → `resolved`, `backingOff` or `ready`.
    case inFlight
    /// → `ready`.
    case backingOff
    /// Refused for a fault that every request could have → `inFlight` as a probe, `ready` or `resolved` when another
    /// lane gets through.
    case suspected
    /// Its partition no longer sends: it ends with the assignment.
    case parked
    /// Decided; its outcome is to be recorded → `free`.
    case resolved
  }

  var generation: UInt32 = 0
  var phase = Phase.free
  /// Index into the engine's partitions.
  var partition: Int32 = -1
  var entry: Int32 = -1
  var offset: RecordOffset = 0
  var lane: Int32 = -1
  var nextInLane: Int32 = -1
  var byteCount = 0
  var isValid = false
  var course = DeliveryCourse()
  /// Attempts that count towards the retry limit.
  var spentAttemptCount = 0
  /// Of attempts that count and the waits behind them, without the time the line stood still.
  var spentTime = TimeSpan.zero
  /// Milliseconds since 1970; `.max`: never.
  var expiresAt: Int64 = .max
  var expiry = OutcomeError.tooOld
  /// Whom the gateway takes for the caller.
  var caller: UInt32 = 0
  /// Of the last request.
  var requestNumber: UInt64 = 0
  /// How many requests had started when the last one was refused for a fault that every request could have.
  var startedAtRefusal: UInt64 = 0
  /// It was refused so; what has to show that others are not, is of another lane.
  var isRefused = false
  var refutedCount: UInt8 = 0
  var phaseSince = MonotonicTime(microseconds: 0)
  var stoppedAtPhaseStart = StoppedTime()
  /// Set with phase `resolved`.
  var resolution = Resolution.delivered
}

/// What happened to a record on its way, for its outcome.
package struct DeliveryCourse: Sendable {
  package var receivedAt = WallTime(milliseconds: 0)
  package var firstSentAt: WallTime?
  package var finishedAt = WallTime(milliseconds: 0)
  /// Requests with a first byte written, an inherited one included.
  package var attemptCount = 0
  /// A predecessor may have sent it.
  package var isInherited = false
  /// Attempts that may have had an effect: unknown ones, the inherited one and the one that is known to be done.
  package var effectCount = 0
  /// Of the last attempt of unknown effect.
  package var lastUnknown: OutcomeError?
  /// Sum over this process's attempts.
  package var gatewayTime = TimeSpan.zero
  package var waitedForLane = TimeSpan.zero
  package var waitedForRetry = TimeSpan.zero
  package var waitedForBreaker = TimeSpan.zero
  package var waitedForHalt = TimeSpan.zero
  package var waitedForBan = TimeSpan.zero

  /// Two or more requests may have had an effect.
  package var possibleDuplicate: Bool { effectCount >= 2 }
}
