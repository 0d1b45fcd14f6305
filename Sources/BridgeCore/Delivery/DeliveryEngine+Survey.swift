/// What the first unresolved record of a conversation waits for.
package enum LaneWait: UInt8, Sendable, CaseIterable {
  /// For the line to run again.
  case line
  /// For a connection, or for a place among the requests in flight.
  case gateway
  /// For the durable ceiling to rise above it.
  case commit
  /// For its next attempt.
  case retry
  /// For the outcome before it to be durable.
  case outcome
  /// For a request of an earlier assignment to end.
  case oldAttempt

  package var name: StaticString {
    switch self {
    case .line: "line"
    case .gateway: "gateway"
    case .commit: "commit"
    case .retry: "retry"
    case .outcome: "outcome"
    case .oldAttempt: "old_attempt"
    }
  }
}

extension DeliveryEngine {
  /// How many conversations wait for what, by raw value. Goes through everything unresolved: a few times a second at
  /// most. `visit` is told the partition's slot and the index of each unresolved record, with its arrival.
  package func survey(
    at now: MonotonicTime, _ visit: (_ slot: Int, _ index: Int32, _ receivedAt: WallTime) -> Void
  ) -> [Int] {
    var counts = [Int](repeating: 0, count: LaneWait.allCases.count)
    let readyWait: LaneWait = waitsForRefusedOutcome || !gate.isOpen ? .line : .gateway
    for index in tickets.indices {
      let wait: LaneWait?
      switch tickets[index].phase {
      case .free: continue
      case .arriving, .queued, .inFlight, .parked, .resolved: wait = nil
      case .ready: wait = readyWait
      case .suspected: wait = .line
      case .besideOldAttempt: wait = .oldAttempt
      case .atCeiling: wait = .commit
      case .backingOff: wait = .retry
      }
      if let wait { counts[Int(wait.rawValue)] += 1 }
      visit(Int(tickets[index].partition), Int32(index), tickets[index].course.receivedAt)
    }
    for partition in partitions { counts[Int(LaneWait.outcome.rawValue)] += partition.heldLanes.count }
    return counts
  }

  /// Of records that are held in memory.
  package var heldByteCount: Int { bufferedByteCount }

  /// Kafka takes an outcome in no form, and everything waits for that.
  package var waitsForRefusedOutcome: Bool { refusedOutcomePartition != nil }

  package func stage(of slot: Int) -> PartitionStage {
    switch partitions[slot].phase {
    case .recovering: .recovering
    case .starting: .starting
    case .active: .reading
    case .draining: .draining
    case .undecided(let reason): .undecided(reason)
    }
  }
}
