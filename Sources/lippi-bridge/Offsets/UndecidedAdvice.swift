internal import BridgeConfiguration
internal import BridgeCore

/// What a person is told about a partition that is not started.
struct UndecidedAdvice {
  /// As commands are to be given it; nil where the configuration is in no file.
  var configurationFile: String? = nil

  /// One sentence.
  static func meaning(of reason: UndecidedReason) -> String {
    switch reason {
    case .foreignOffset:
      "An offset was committed by something else, without the recovery log of this bridge."
    case .damagedRecoveryLog:
      "The recovery log cannot be read: it is damaged, or was written by a newer version."
    case .recoveryLogTooLong:
      "The recovery log is longer than the brokers now take beside an offset (offset.metadata.max.bytes)."
    case .takenOver: "Another member has written this partition's recovery log."
    case .beyondEndOfLog:
      "What is committed lies beyond the end of the partition: the topic was made anew, or was cut."
    case .beforeStartOfLog:
      "Retention has removed records that have no outcome: what is committed lies before the start of the partition."
    case .outcomesWithoutOffset:
      "Nothing is committed, although outcomes of this group are in the result partition: the group's offsets have "
        + "expired or were deleted."
    case .resultsUnread:
      "Nothing is committed, and the result partition could not be read to see whether anything was done."
    case .resultPartitionMissing: "The result topic has no partition of this number."
    case .noStartPosition: "Nothing is committed and input.start is not set."
    }
  }

  /// The command that decides, or what else to do.
  func nextStep(for reason: UndecidedReason, _ found: RecoveredPartition) -> String {
    Self.meaning(of: reason) + " " + decision(for: reason, found)
  }

  private func decision(for reason: UndecidedReason, _ found: RecoveredPartition) -> String {
    switch reason {
    case .foreignOffset:
      "If nothing from that offset on was ever sent: \(command("adopt", found)). If it may have been: "
        + "\(command("repair", found))."
    case .damagedRecoveryLog:
      "If a newer version has written it, start that one again; else: \(command("repair", found))."
    case .recoveryLogTooLong: "Raise it on every broker to what it was, and start the worker again."
    case .takenOver: "The next rebalance decides who owns it."
    case .beyondEndOfLog:
      "If everything in the topic is new: \(command("adopt", found, "--at \(found.logStart)")). If some of it may have "
        + "been sent: \(command("repair", found))."
    case .beforeStartOfLog:
      "To go on with what is left: \(command("skip", found, "--to \(found.logStart)"))."
    case .outcomesWithoutOffset:
      "To go on behind them: \(command("repair", found)). If the topic was made anew and they are of the old one: "
        + "\(command("adopt", found, "--at \(found.logStart)"))."
    case .resultsUnread: "It is tried again every 10 s; see whether the result topic has leaders."
    case .resultPartitionMissing:
      "Add partitions to the result topic, as many as the input topic has (kafka-topics.sh --alter)."
    case .noStartPosition: "Set input.start."
    }
  }

  /// Ready for a shell, but for what the worker was given by `--set`.
  private func command(_ verb: String, _ found: RecoveredPartition, _ more: String = "") -> String {
    let file = configurationFile.map { " --config \($0)" } ?? ""
    return
      "lippi-bridge offsets \(verb) --partition \(found.partition)\(more.isEmpty ? "" : " \(more)")\(file) --yes"
  }
}

extension Configuration {
  /// The file that it was read from.
  var filePath: String? {
    settings.lazy.compactMap { setting in
      switch setting.place {
      case .file(let path, _), .wholeFile(let path): path
      case .variable, .option, .standard, .nowhere: nil
      }
    }.first
  }
}
