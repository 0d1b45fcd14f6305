/// Why events wait; closed.
package enum StallReason: UInt8, Sendable, CaseIterable {
  /// The loop has published nothing for a while.
  case loopBlocked
  case pause
  case brake
  case halt
  case ban
  case breaker
  /// The group has given this member nothing, not even an empty assignment.
  case noAssignment
  /// A command has to decide what becomes of the partition.
  case notStarted
  case brokerGone
  /// A transaction of whoever had the partition before is still open.
  case predecessorTransaction
  /// Outcomes do not become durable.
  case committerStuck
  case gatewayUnreachable
  /// A transaction in the input topic hides what is behind it.
  case inputTransaction
  /// The first event of the partition takes long: its attempts fail, or are answered slowly.
  case slowLane

  package var name: StaticString {
    switch self {
    case .loopBlocked: "loop_blocked"
    case .pause: "pause"
    case .brake: "brake"
    case .halt: "halt"
    case .ban: "ban"
    case .breaker: "breaker"
    case .noAssignment: "no_assignment"
    case .notStarted: "not_started"
    case .brokerGone: "broker_gone"
    case .predecessorTransaction: "predecessor_transaction"
    case .committerStuck: "committer_stuck"
    case .gatewayUnreachable: "gateway_unreachable"
    case .inputTransaction: "input_transaction"
    case .slowLane: "slow_lane"
    }
  }

  /// What a person can do about it.
  package var nextStep: StaticString {
    switch self {
    case .loopBlocked: "The worker ends itself after 30 s and a restart goes on; look at its log."
    case .pause: "An operator paused the line: lippi-bridge resume, when the reason is gone."
    case .brake: "Too many messages were refused or failed: look at the outcomes, then lippi-bridge resume."
    case .halt:
      "Nothing is failed; events wait. The log line \"halted\" says what is wrong and how to mend it."
    case .ban: "Nothing to do: the line goes on when the ban of the gateway ends."
    case .breaker: "The gateway fails: probes show when it is back."
    case .noAssignment: "The group gives this worker nothing: look at Kafka and at the log for errors."
    case .notStarted: "The log line \"partition not started\" says why and what decides it."
    case .brokerGone: "Kafka does not answer: look at brokers and network. Nothing is lost."
    case .predecessorTransaction:
      "What is committed is not clear yet; it ends with the predecessor's transaction, in a minute at most."
    case .committerStuck:
      "Kafka answers, but outcomes are not taken: look at the log for \"batch not committed\", at the result topic and its in-sync replicas."
    case .gatewayUnreachable: "No connection to the gateway: check gateway.url, the network and the gateway."
    case .inputTransaction:
      "A producer of the input topic has an open transaction: nothing behind it is visible."
    case .slowLane:
      "The first event of the partition is tried again or answered slowly: look at its conversation."
    }
  }
}

/// Limits after which something that usually takes no time has a name.
package enum SightLimits {
  /// A snapshot that is older says that the loop stands still.
  package static let snapshotAge = TimeSpan.seconds(10)
  /// Without an answer of a broker, when a request has failed.
  package static let brokerSilence = TimeSpan.seconds(5)
  /// Without an answer of a broker, whatever happened.
  package static let brokerLongSilence = TimeSpan.seconds(15)
  package static let batchTime = TimeSpan.seconds(5)
  /// A recovery or an event that takes longer is named.
  package static let partitionPatience = TimeSpan.seconds(5)
}

extension WorkerSnapshot {
  /// Why a partition waits; nil if nothing waits there, or nothing is wrong so far.
  package func stallReason(of partition: PartitionSnapshot, at now: MonotonicTime) -> StallReason? {
    guard let waitingSince = partition.waitingSince else { return nil }
    if isStale(at: now) { return .loopBlocked }
    let isPatient = now - waitingSince < SightLimits.partitionPatience
    switch partition.stage {
    case .undecided: return .notStarted
    case .recovering:
      if isBrokerGone(at: now) { return .brokerGone }
      return isPatient ? nil : .predecessorTransaction
    case .starting, .reading, .draining: break
    }
    if let reason = lineReason { return reason }
    if isBrokerGone(at: now) { return .brokerGone }
    if waitsForRefusedOutcome { return .committerStuck }
    if let batchSince, now - batchSince >= SightLimits.batchTime { return .committerStuck }
    if gateway.isUnreachable, partition.unresolvedCount > 0 { return .gatewayUnreachable }
    guard !isPatient else { return nil }
    if partition.unresolvedCount > 0 { return .slowLane }
    return partition.unpublishedCount > 0 || partition.stage == .starting
      ? .committerStuck : .inputTransaction
  }

  package func isStale(at now: MonotonicTime) -> Bool { now - takenAt.monotonic >= SightLimits.snapshotAge }

  package func isBrokerGone(at now: MonotonicTime) -> Bool {
    guard let answeredAt = broker.answeredAt else { return broker.hasFailedSince }
    let silence = now - answeredAt
    return silence >= SightLimits.brokerLongSilence
      || (broker.hasFailedSince && silence >= SightLimits.brokerSilence)
  }

  /// Why the line as a whole sends nothing.
  package var lineReason: StallReason? {
    switch line.state {
    case .running: nil
    case .halted: .halt
    case .banned: .ban
    case .breakerOpen: .breaker
    case .braked: .brake
    case .paused: .pause
    }
  }
}
