import BridgeCore

/// What the promise of delivery asks of the settings of topics and brokers.
struct SettingRules {
  static let inputRetentionMinimum = TimeSpan.seconds(72 * 3_600)
  static let offsetsRetentionMinimum = TimeSpan.seconds(72 * 3_600)
  static let metadataByteMinimum: Int64 = 4_096
  static let replicationMinimum = 3
  static let inSyncMinimum: Int64 = 2

  private let settings: KafkaSettings
  private let lines: AdministrationLines

  init(_ settings: KafkaSettings) {
    self.settings = settings
    lines = AdministrationLines(settings)
  }

  /// Why the worker must not run with these.
  func refusal(_ described: DescribedSettings) -> FatalFault? {
    switch described.subject {
    case .topic(let name): compaction(name, described).fault
    case .broker: settings.guarantee == .exactlyOnce ? verification([described]).fault : nil
    }
  }

  /// What the brokers leave for a recovery log. Where none tells, Kafka's default is taken.
  static func recoveryLogLimits(_ described: [DescribedSettings]) throws(FatalFault) -> RecoveryLogLimits {
    guard let characters = described.compactMap({ $0.number(metadataSizeName) }).min(),
      characters < metadataByteMinimum
    else { return .standard }
    guard let limits = RecoveryLogLimits(characters: Int(characters)) else {
      throw FatalFault(
        .configuration,
        "The brokers take \(characters) bytes beside an offset (\(metadataSizeName)), and the worker needs "
          + "\(RecoveryLogLimits.characterMinimum) at least. Set it to \(metadataByteMinimum) on every broker and "
          + "restart them.")
    }
    return limits
  }

  private static let metadataSizeName = "offset.metadata.max.bytes"

  // MARK: topics

  func findings(input: DescribedSettings) -> [KafkaFinding] {
    [compaction(settings.inputTopic, input), retention(input)] + copies(settings.inputTopic, input)
  }

  func findings(result: DescribedSettings) -> [KafkaFinding] {
    [compaction(settings.resultTopic, result)] + copies(settings.resultTopic, result)
  }

  private func compaction(_ topic: String, _ described: DescribedSettings) -> KafkaFinding {
    let isResult = topic == settings.resultTopic
    let name = "\(isResult ? "result" : "input") topic clean-up"
    guard described.isCompacted else {
      return .good(name, "Topic \(topic) is not compacted: every record stays until retention removes it")
    }
    let loss =
      isResult
      ? "compaction keeps one outcome per key, so the others of its conversation would vanish"
      : "compaction keeps one event per key, so the others of its conversation would vanish unread"
    return .faulty(
      name, "Topic \(topic) has cleanup.policy=\(described.values["cleanup.policy"] ?? ""): \(loss)",
      advice: "Set it to delete",
      commands: [lines.set("cleanup.policy", to: "delete", ofTopic: topic)])
  }

  private func retention(_ described: DescribedSettings) -> KafkaFinding {
    let name = "input topic retention"
    guard let milliseconds = described.number("retention.ms"), milliseconds >= 0 else {
      return .good(name, "Topic \(settings.inputTopic) keeps its records for ever")
    }
    let words = "Topic \(settings.inputTopic) keeps its records for \(Self.hours(milliseconds)) h"
    guard milliseconds < Self.inputRetentionMinimum.milliseconds else {
      return .good(name, "\(words): as long an outage loses nothing")
    }
    return .doubtful(
      name, "\(words): events that wait for longer than that, in an outage say, are gone without an outcome",
      advice: "Keep them for 72 h at least",
      commands: [lines.set("retention.ms", to: "\(7 * 24 * 3_600_000)", ofTopic: settings.inputTopic)])
  }

  private func copies(_ topic: String, _ described: DescribedSettings) -> [KafkaFinding] {
    let which = topic == settings.resultTopic ? "result" : "input"
    var findings: [KafkaFinding] = []
    let inSync = described.number("min.insync.replicas") ?? 1
    if inSync < Self.inSyncMinimum {
      findings.append(
        .doubtful(
          "\(which) topic min.insync.replicas",
          "Topic \(topic) has min.insync.replicas=\(inSync): a record may be acknowledged by one broker alone and be "
            + "lost with it",
          advice: "Set it to 2, with 3 replicas",
          commands: []))
    } else {
      findings.append(
        .good(
          "\(which) topic min.insync.replicas",
          "Topic \(topic) acknowledges a record when \(inSync) brokers have it"))
    }
    if described.values["unclean.leader.election.enable"] == "true" {
      findings.append(uncleanElection("\(which) topic unclean election", "Topic \(topic) allows"))
    }
    return findings
  }

  func replication(_ topic: String, _ shape: TopicShape) -> KafkaFinding {
    let name = "\(topic == settings.resultTopic ? "result" : "input") topic replicas"
    guard shape.replicationFactor < Self.replicationMinimum else {
      return .good(name, "Topic \(topic) has \(shape.replicationFactor) copies of each partition")
    }
    let count = shape.replicationFactor
    return .doubtful(
      name,
      "Topic \(topic) has \(count) \(count == 1 ? "copy" : "copies") of each partition: too few to lose a broker and "
        + "go on safely",
      advice: "Use 3 in production (kafka-reassign-partitions.sh)")
  }

  // MARK: brokers

  func findings(brokers: [DescribedSettings]) -> [KafkaFinding] {
    var findings: [KafkaFinding] = []
    if settings.guarantee == .exactlyOnce {
      findings.append(verification(brokers))
      findings.append(transactionTimeout(brokers))
    }
    findings.append(metadataSize(brokers))
    findings.append(offsetsRetention(brokers))
    let unclean = brokers.filter { $0.values["unclean.leader.election.enable"] == "true" }
    findings.append(
      unclean.isEmpty
        ? .good("unclean election", "No broker lets a copy that lags behind become the leader")
        : uncleanElection("unclean election", "\(Self.names(unclean)) allow"))
    return findings
  }

  private func verification(_ brokers: [DescribedSettings]) -> KafkaFinding {
    let name = "transaction verification"
    let off = brokers.filter { $0.verifiesTransactions == false }
    if !off.isEmpty {
      return .faulty(
        name,
        "\(Self.names(off)): transaction.partition.verification.enable is false, so a late copy of a request can "
          + "change a later transaction, and outcomes.delivery exactly_once cannot be kept",
        advice: "Set it to true on every broker, or set outcomes.delivery to at_least_once")
    }
    let unknown = brokers.filter { $0.verifiesTransactions == nil }
    guard unknown.isEmpty else {
      return .doubtful(
        name,
        "\(Self.names(unknown)): no setting transaction.partition.verification.enable, so the broker is older than "
          + "3.6 or hides it; a late copy of a request might change a later transaction",
        advice: "Use Kafka 3.7 or later for outcomes.delivery exactly_once")
    }
    return .good(name, "Brokers verify that a transaction was begun (Kafka 3.6 or later)")
  }

  private func transactionTimeout(_ brokers: [DescribedSettings]) -> KafkaFinding {
    let name = "transaction time-out"
    let wanted = KafkaTimes.transactionTimeout.milliseconds
    let low = brokers.filter { ($0.number("transaction.max.timeout.ms") ?? .max) < wanted }
    guard low.isEmpty else {
      return .faulty(
        name, "\(Self.names(low)): transaction.max.timeout.ms is below \(wanted), the worker's own time-out",
        advice: "Raise it to \(wanted) at least")
    }
    return .good(name, "Brokers accept the worker's transaction time-out of \(wanted) ms")
  }

  private func metadataSize(_ brokers: [DescribedSettings]) -> KafkaFinding {
    let name = "offset metadata"
    guard let smallest = brokers.compactMap({ $0.number(Self.metadataSizeName) }).min(),
      smallest < Self.metadataByteMinimum
    else {
      return .good(name, "Brokers take the recovery log beside an offset (\(Self.metadataSizeName))")
    }
    let small = brokers.filter { ($0.number(Self.metadataSizeName) ?? .max) < Self.metadataByteMinimum }
    let words = "\(Self.names(small)): \(Self.metadataSizeName) is \(smallest)"
    let advice = "Set it to \(Self.metadataByteMinimum) or more on every broker"
    guard let limits = RecoveryLogLimits(characters: Int(smallest)) else {
      return .faulty(
        name, "\(words), and a recovery log needs \(RecoveryLogLimits.characterMinimum) at least",
        advice: advice)
    }
    return .doubtful(
      name,
      "\(words): at most \(limits.unresolvedPerPartition) events of a partition are open at a time, not "
        + "\(RecoveryLogLimits.standard.unresolvedPerPartition)",
      advice: advice)
  }

  private func offsetsRetention(_ brokers: [DescribedSettings]) -> KafkaFinding {
    let name = "offsets retention"
    guard let minutes = brokers.compactMap({ $0.number("offsets.retention.minutes") }).min() else {
      return .doubtful(
        name, "No broker tells offsets.retention.minutes",
        advice: "Make sure that it outlasts any planned stop")
    }
    let hours = Self.hours(minutes * 60_000)
    guard minutes * 60_000 < Self.offsetsRetentionMinimum.milliseconds else {
      return .good(name, "A group without members keeps its offsets for \(hours) h; no stop may be longer")
    }
    return .doubtful(
      name,
      "A group without members keeps its offsets for \(hours) h: after a longer stop it is not known what was done",
      advice: "Set offsets.retention.minutes to 10080 (7 days) or more")
  }

  private func uncleanElection(_ name: String, _ who: String) -> KafkaFinding {
    .doubtful(
      name,
      "\(who) unclean leader election: a copy that lags behind may lead, and acknowledged records vanish",
      advice: "Set unclean.leader.election.enable to false")
  }

  private static func names(_ brokers: [DescribedSettings]) -> String {
    let ids = brokers.compactMap { described -> String? in
      guard case .broker(let id) = described.subject else { return nil }
      return "\(id)"
    }
    return "\(ids.count == 1 ? "Broker" : "Brokers") \(ids.joined(separator: ", "))"
  }

  private static func hours(_ milliseconds: Int64) -> String {
    milliseconds % 3_600_000 == 0
      ? "\(milliseconds / 3_600_000)"
      : "\(milliseconds / 3_600_000).\(milliseconds % 3_600_000 * 10 / 3_600_000)"
  }
}
