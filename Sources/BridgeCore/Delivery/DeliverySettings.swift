/// What an operator may set about delivery.
package struct DeliverySettings: Sendable {
  /// Requests under way at once.
  package var inFlightLimit = 64
  package var retry = RetryPolicy()
  /// The next batch starts when the oldest outcome has waited this long.
  package var commitInterval = TimeSpan.milliseconds(50)
  /// Records held in memory, over all partitions; each has a right to an equal part. A partition without any record
  /// always gets one.
  package var bufferedByteLimit = 64 * 1_024 * 1_024
  /// Partitions of the input topic now; the group's recovery logs remember how many there were at its first start.
  package var firstPartitionCount: Int32 = 0
  /// Of what decides whether an event is valid; recorded in every recovery log.
  package var validityFingerprint: UInt32 = 0
  /// What becomes of a record that an attempt may have delivered.
  package var ambiguousPolicy = AmbiguousPolicy.resend
  /// Under `report`: how long after a proven heartbeat requests may be sent. Session time-out less request time-out.
  package var leaseSpan = TimeSpan.zero
  /// A process with our name takes our partitions at once, without waiting for our session to end (static membership):
  /// a predecessor that did not end cleanly may still hold a lease.
  package var predecessorMayHoldLease = false
  package var breaker = BreakerSettings()
  package var brake = BrakeSettings()
  /// A ban without a number; doubles each time.
  package var banBase = TimeSpan.seconds(1)
  /// Whether a ban from before the start may stand: one request shows it before others follow.
  package var probesAtStart = false
  /// 0: as many as go.
  package var requestsPerSecond = 0
  /// From a record's timestamp on; zero: no record is too old.
  package var maximumEventAge = TimeSpan.zero
  /// As the brokers allow; see `RecoveryLogLimits`.
  package var recoveryLogLimits = RecoveryLogLimits.standard
  /// For the simulation alone.
  package var brokenRule: BrokenRule?

  package init() {}
}

/// What becomes of a record that may have had an effect, although nobody can tell.
package enum AmbiguousPolicy: UInt8, Sendable, CaseIterable {
  /// It is sent again, and its outcome says so.
  case resend
  /// It is not sent again; its outcome is in doubt.
  case report
}

// The fingerprint in a recovery log also tells the writer's policy: under `report` at most one record of each lane is
// out without a durable outcome.
extension DeliverySettings {
  private static let reportMark: UInt32 = 0x5E70_72D1
  private static let mixtureMark: UInt32 = 0x3C6E_F372

  /// As recovery logs of this process carry it.
  var recordedFingerprint: UInt32 { fingerprint(under: ambiguousPolicy) }

  private func fingerprint(under policy: AmbiguousPolicy) -> UInt32 {
    switch policy {
    case .resend: validityFingerprint
    case .report: validityFingerprint ^ Self.reportMark
    }
  }

  /// Whoever wrote it judged events as this process does.
  func keepsValidity(_ recorded: UInt32) -> Bool {
    AmbiguousPolicy.allCases.contains { fingerprint(under: $0) == recorded }
  }

  /// Whoever wrote it sent at most one record of each lane before the outcome was durable.
  func wasSentSingly(_ recorded: UInt32) -> Bool { recorded == fingerprint(under: .report) }

  /// While records that somebody else may have sent are unresolved, the log must not promise more than both keep.
  func fingerprint(mixedWith recorded: UInt32) -> UInt32 {
    if recorded == recordedFingerprint { return recorded }
    return keepsValidity(recorded)
      ? fingerprint(under: .resend) : recorded ^ recordedFingerprint ^ Self.mixtureMark
  }
}

/// When and how often a record is sent again.
package struct RetryPolicy: Sendable {
  /// Attempts that count: probes of a halted line or an open breaker do not.
  package var attemptLimit = 6
  package var base = TimeSpan.milliseconds(200)
  package var cap = TimeSpan.seconds(10)
  /// Attempts and the waits between them, without the time the line was stopped.
  package var timeLimit = TimeSpan.seconds(60)

  package init() {}

  /// Exponential with full jitter: anything up to base · 2^(attempts − 1), at most the cap.
  func delay(afterAttempts count: Int, random: inout SplitMix64) -> TimeSpan {
    let doublings = min(max(count - 1, 0), 20)
    let ceiling = min(cap.microseconds, base.microseconds << Int64(doublings))
    return TimeSpan(microseconds: Int64(random.next(upTo: UInt64(ceiling))))
  }
}

/// Limits that nobody sets: they follow from the size of the recovery log and keep memory bounded.
package enum DeliveryLimits {
  /// As many outcomes start a batch before the interval is over.
  package static let outcomesThatStartBatch = 2_000
  /// The most one batch carries.
  package static let outcomesPerBatch = 10_000
  package static let bytesPerBatch = 4 * 1_024 * 1_024
  /// Records are taken while fewer heads of lanes than this wait for each request that may be under way.
  package static let headsPerRequest = 2
  /// For at least as many records to be sent the ceiling is raised ahead, and for at most as many.
  package static let ceilingReserveBase = 8
  package static let ceilingReserve = 2_000
  /// Of a batch's time so much is provided for by raising the ceiling ahead.
  package static let batchTimeAhead = TimeSpan.milliseconds(250)
  /// C moved by the end of the partition alone is committed this often at most.
  package static let idleCommitInterval = TimeSpan.seconds(1)
  /// How often it is asked again what is committed for partitions that are not started.
  package static let decisionLookInterval = TimeSpan.seconds(10)
  /// After a batch that was not committed.
  package static let refusedCommitDelay = TimeSpan.milliseconds(100)
  /// After a batch that failed because of one outcome that Kafka takes in no form.
  package static let refusedOutcomeDelay = TimeSpan.seconds(10)
  /// Under `report`: how often it is looked whether a heartbeat has proved the membership.
  package static let leaseLookInterval = TimeSpan.milliseconds(100)
  /// So many times somebody else has to get through after an event was refused for a fault that every request could
  /// have: once may mean that the fault was mended in between.
  package static let refutationsThatReject = 2
  /// Callers that are known to be refused themselves.
  package static let knownCallers = 64
  /// So many refusals of known callers without anybody getting through are looked into after all.
  package static let refusalsOfKnownCallers = 16
  /// Among so many waiting lanes a probe of another caller is looked for.
  package static let lanesLookedThrough = 256
  /// While the line stands still, waiting records are looked through for expired ones this often.
  package static let expiryInterval = TimeSpan.seconds(1)
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014). For jitter, not for secrets.
package struct SplitMix64: Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 ... bound.
  package mutating func next(upTo bound: UInt64) -> UInt64 {
    bound == .max ? next() : next().multipliedFullWidth(by: bound + 1).high
  }
}
