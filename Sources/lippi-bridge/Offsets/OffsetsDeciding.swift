internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka

/// `lippi-bridge offsets adopt`, `repair` and `skip`: finds out what a decision means, shows it and, if that is
/// confirmed, writes it: all partitions in one transaction, or none.
struct OffsetsDeciding {
  private let request: OffsetsRequest
  private let settings: KafkaSettings
  private let policy: BridgeConfiguration.AmbiguousPolicy
  private let command: Command
  private let token = WriterToken(process: .random(in: 0 ... .max), counter: 1)

  init(_ request: OffsetsRequest, _ configuration: Configuration, _ command: Command) {
    self.request = request
    self.command = command
    settings = configuration.kafkaSettings
    policy = configuration.ambiguousPolicy
  }

  func run() throws(FatalFault) -> ExitCode {
    let logs = try GroupLogs(settings, timeout: settings.startupTimeout)
    let findings = try logs.read()
    var decided: [(found: RecoveredPartition, log: RecoveryLog)] = []
    var hasRefusals = false
    for found in try chosen(findings) {
      let decider = OffsetsDecider(
        found, limits: findings.limits, token: token, firstPartitionCount: firstPartitionCount(findings))
      do {
        let decision = try decide(found, decider)
        StandardOutput.write("partition \(found.partition): \(sentence(decision, found))\n")
        decided.append((found, decision.log))
      } catch let refusal as DecisionRefusal {
        hasRefusals = true
        say("partition \(found.partition): \(refusal.sentence)")
      } catch let fault as FatalFault {
        throw fault
      } catch {
        preconditionFailure("a decision is refused, or Kafka fails")
      }
    }
    if hasRefusals {
      say("nothing was written")
      return .badData
    }
    guard !decided.isEmpty else {
      say("no partition waits for a decision")
      return .success
    }
    guard request.isConfirmed else {
      say("nothing was written; with --yes it will be")
      return .success
    }
    return try write(decided, to: logs)
  }

  private func write(
    _ decided: [(found: RecoveredPartition, log: RecoveryLog)], to logs: borrowing GroupLogs
  ) throws(FatalFault) -> ExitCode {
    switch try logs.write(decided) {
    case .written:
      say("written; a worker that owns the partition starts it within 10 s")
      return .success
    case .changed(let partitions):
      say("partitions \(Self.list(partitions)) were changed by somebody else meanwhile; nothing was written")
      return .badData
    case .overwritten(let partitions):
      say(
        "written, but partitions \(Self.list(partitions)) were changed by somebody else right after: look at them with "
          + "lippi-bridge offsets show")
      return .badData
    }
  }

  private func chosen(_ findings: GroupLogs.Findings) throws(FatalFault) -> [RecoveredPartition] {
    switch request.choice {
    case .all:
      return findings.partitions.filter {
        OffsetsDecider($0, limits: findings.limits, token: token, firstPartitionCount: 0).refusal == nil
      }
    case .partitions(let wanted):
      if let missing = wanted.first(where: { $0 >= findings.partitions.count }) {
        throw FatalFault(
          .configuration,
          "Topic \(settings.inputTopic) has partitions 0 to \(findings.partitions.count - 1), none with number "
            + "\(missing).")
      }
      return wanted.map { findings.partitions[Int($0)] }
    }
  }

  /// As the group's other recovery logs have it; 0 if none can be read.
  private func firstPartitionCount(_ findings: GroupLogs.Findings) -> Int32 {
    findings.partitions.lazy.compactMap { RecoveryLogCodec.decode($0.metadata)?.firstPartitionCount }
      .first { $0 > 0 } ?? 0
  }

  /// - Throws: `DecisionRefusal`, `FatalFault`.
  private func decide(_ found: RecoveredPartition, _ decider: OffsetsDecider) throws -> DecidedPartition {
    switch request.decision {
    case .adopt(let offset): return try decider.adopt(at: offset)
    case .repair(let offset):
      let start = try decider.repairStart(from: offset)
      let scan = try OutcomeScan(settings, found.partition, from: start, below: found.logEnd)
      return try decider.repair(from: start, resolved: scan.resolved, open: scan.open)
    case .skip(let offset):
      if let log = decider.readableLog { return try decider.skip(to: offset, of: log) }
      let start = try decider.skipStart(to: offset)
      let scan = try OutcomeScan(settings, found.partition, from: start, below: found.logEnd)
      var decision = try decider.repair(
        from: offset, resolved: scan.resolved.dropping(below: offset), open: scan.open.filter { $0 >= offset }
      )
      let behind = max(scan.resolved.highest.map { $0 + 1 } ?? start, start)
      decision.withoutOutcomeCount =
        RecordOffset(scan.open.count { $0 < offset }) + max(0, offset - behind)
      return decision
    }
  }

  // MARK: Words

  private func sentence(_ decision: DecidedPartition, _ found: RecoveredPartition) -> String {
    let log = decision.log
    var words = "goes on at C \(log.committedOffset), K \(log.ceiling), end \(found.logEnd)"
    words += "; \(log.publishedCount) offsets from there on have their outcome"
    if decision.possiblySentCount > 0 {
      let consequence = policy == .resend ? "are sent and flagged" : "end in_doubt"
      words += "; \(decision.possiblySentCount) count as possibly sent and \(consequence)"
    } else {
      words += "; none counts as possibly sent"
    }
    switch request.decision {
    case .skip: words += "; at most \(decision.withoutOutcomeCount) records get no outcome"
    case .adopt, .repair: break
    }
    return words
  }

  private func say(_ sentence: String) { StandardError.write("lippi-bridge \(command.name): \(sentence)\n") }

  private static func list(_ partitions: [PartitionIndex]) -> String {
    partitions.map { "\($0)" }.joined(separator: ", ")
  }
}

extension DecisionRefusal {
  var sentence: String {
    switch self {
    case .isStarted: "it is started: nothing is to be decided"
    case .isFresh: "nothing was ever done in it: it begins at input.start by itself"
    case .notDecidable(let reason): UndecidedAdvice.meaning(of: reason) + " No recovery log changes that."
    case .offsetNeeded: "say with --at where to go on; what is committed does not tell"
    case .outOfLog(let offset, let start, let end):
      "offset \(offset) is outside the partition: it holds \(start) to \(end)"
    case .behindCommitted(let offset, let committed):
      "offset \(offset) lies before \(committed), below which everything has its outcome"
    case .outcomesBeyondEnd(let highest):
      "there is an outcome of offset \(highest), which the partition does not have: the topic was made anew, or was cut, "
        + "and outcomes do not tell which of its records are done. If nothing in it was sent: lippi-bridge offsets adopt "
        + "--at OFFSET"
    case .doesNotFit(let count, let window, let start):
      "\(count) records without an outcome over \(window) offsets do not fit into a recovery log; with --from \(start) "
        + "they do, and what lies before gets no further outcome"
    }
  }
}
