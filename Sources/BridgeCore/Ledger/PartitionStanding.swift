/// Where a partition stands, judged by what is committed for it and nothing else: the worker that owns it and a command
/// beside it come to the same conclusion.
package enum PartitionStanding: Equatable, Sendable {
  /// It goes on where this recovery log says.
  case continues(RecoveryLog)
  /// Nothing of it was ever done: it begins at its start position.
  case fresh
  /// It is not started until somebody decides.
  case undecided(UndecidedReason)
}

extension RecoveredPartition {
  /// `limit`: of a recovery log, in characters, as the brokers allow.
  package func standing(within limit: Int = RecoveryLogCodec.characterLimit) -> PartitionStanding {
    guard let committedOffset else {
      switch earlierOutcomes {
      case .none: return .fresh
      case .found: return .undecided(.outcomesWithoutOffset)
      case .unread: return .undecided(.resultsUnread)
      case .partitionMissing: return .undecided(.resultPartitionMissing)
      }
    }
    guard !metadata.isEmpty else { return .undecided(.foreignOffset) }
    guard let log = RecoveryLogCodec.decode(metadata), log.committedOffset == committedOffset else {
      return .undecided(.damagedRecoveryLog)
    }
    // What was written in a larger space could not be written again.
    guard metadata.count <= limit else { return .undecided(.recoveryLogTooLong) }
    let highestKnown = log.highestPublished.map { $0 + 1 } ?? committedOffset
    guard max(committedOffset, highestKnown) <= logEnd else { return .undecided(.beyondEndOfLog) }
    guard committedOffset >= logStart else { return .undecided(.beforeStartOfLog) }
    return .continues(log)
  }
}

/// Why a partition is not started.
package enum UndecidedReason: UInt8, Sendable, CaseIterable {
  /// An offset is committed, by a reset tool or another consumer, but no recovery log.
  case foreignOffset
  /// The recovery log cannot be read.
  case damagedRecoveryLog
  /// It was written when brokers took more beside an offset than they do now.
  case recoveryLogTooLong
  /// Another member has written its recovery log: it is that member's.
  case takenOver
  /// What is committed lies beyond the end of the log: the topic was made anew.
  case beyondEndOfLog
  /// Retention has removed records that have no outcome yet.
  case beforeStartOfLog
  /// Nothing is committed, although outcomes of this group are in the result partition: its offsets expired or were
  /// deleted.
  case outcomesWithoutOffset
  /// Nothing is committed, and the result partition could not be read in time to see whether something was done.
  case resultsUnread
  /// The result topic has fewer partitions than the input topic.
  case resultPartitionMissing
  /// Nothing is committed and `input.start` is not set.
  case noStartPosition

  package var name: StaticString {
    switch self {
    case .foreignOffset: "foreign_offset"
    case .damagedRecoveryLog: "damaged_recovery_log"
    case .recoveryLogTooLong: "recovery_log_too_long"
    case .takenOver: "taken_over"
    case .beyondEndOfLog: "beyond_end_of_log"
    case .beforeStartOfLog: "before_start_of_log"
    case .outcomesWithoutOffset: "outcomes_without_offset"
    case .resultsUnread: "results_unread"
    case .resultPartitionMissing: "result_partition_missing"
    case .noStartPosition: "no_start_position"
    }
  }

  /// Looking again may find it decided: by a command, or because what was in the way is gone.
  var mayBeDecided: Bool {
    switch self {
    case .foreignOffset, .damagedRecoveryLog, .recoveryLogTooLong, .beyondEndOfLog, .beforeStartOfLog,
      .outcomesWithoutOffset, .resultsUnread, .resultPartitionMissing:
      true
    // The group decides who owns it, or nobody can.
    case .takenOver, .noStartPosition: false
    }
  }
}
