package import BridgeCore

/// Looks at everything that the worker needs from Kafka, without joining the group. The transactional id that rights
/// are tried with is the worker's with `-check` behind it, so that a worker that runs is not disturbed.
package struct KafkaInspection {
  private let settings: KafkaSettings
  private let lines: AdministrationLines
  private let rules: SettingRules
  private var findings: [KafkaFinding] = []

  private static let describeLimit = TimeSpan.seconds(5)
  private static let tryLimit = TimeSpan.seconds(5)

  private init(_ settings: KafkaSettings) {
    self.settings = settings
    lines = AdministrationLines(settings)
    rules = SettingRules(settings)
  }

  /// Everything that was found, in the order in which it was looked at. `timeout`: for brokers to be there.
  package static func findings(_ settings: KafkaSettings, timeout: TimeSpan) -> [KafkaFinding] {
    var inspection = KafkaInspection(settings)
    do throws(FatalFault) {
      try inspection.inspect(timeout: timeout)
    } catch {
      inspection.findings.append(
        KafkaFinding(
          .faulty(error.kind), "broker", error.message.droppingFullStop(),
          advice: "The rest of Kafka was not looked at: put this right first"))
    }
    return inspection.findings
  }

  private mutating func inspect(timeout: TimeSpan) throws(FatalFault) {
    var inquiry = try ClusterInquiry(settings, timeout: timeout)
    let input = try inquiry.topic(settings.inputTopic)
    reportBrokers(inquiry.brokers)
    report(input, "input topic", settings.inputTopic, .readInput, like: nil, inquiry)
    let result = try inquiry.topic(settings.resultTopic)
    report(result, "result topic", settings.resultTopic, .writeResult, like: input.shape, inquiry)
    reportPartitions(input.shape, result.shape)
    reportSettings(input.shape, result.shape, inquiry)
    let groupAnswer = reportStart(input.shape, inquiry)
    reportReading(input, inquiry)
    switch settings.guarantee {
    case .exactlyOnce: reportTransactions(result, groupAnswer)
    case .atLeastOnce: reportPlainRights(groupAnswer)
    }
    if let statusTopic = settings.statusTopic {
      let status = try inquiry.topic(statusTopic)
      let firstOfStatus = findings.count
      report(status, "status topic", statusTopic, .writeStatus, like: nil, inquiry)
      reportStatusRight(status)
      // The worker runs without it; only who watches misses something.
      for index in firstOfStatus..<findings.count where findings[index].verdict != .good {
        findings[index].verdict = .doubtful
      }
    }
  }

  // MARK: cluster and topics

  private mutating func reportBrokers(_ brokers: [BrokerAddress]) {
    let names = brokers.map { "\($0.id) at \($0.host):\($0.port)" }.joined(separator: ", ")
    findings.append(
      .good(
        "broker",
        "Kafka at \(settings.bootstrapServers) answers (librdkafka \(LinkedLibrdkafka.version)); it names "
          + "\(brokers.count == 1 ? "broker" : "\(brokers.count) brokers:") \(names)"))
  }

  private mutating func report(
    _ presence: TopicPresence, _ name: String, _ topic: String, _ right: KafkaRight, like shape: TopicShape?,
    _ inquiry: borrowing ClusterInquiry
  ) {
    switch presence {
    case .present(let shape):
      guard shape.leaderlessCount == 0 else {
        findings.append(
          .doubtful(
            name,
            "Topic \(topic) exists, but \(shape.leaderlessCount) of its \(shape.partitionCount) partitions have no "
              + "leader and wait for a broker",
            advice: "Start the missing brokers"))
        return
      }
      findings.append(
        .good(
          name,
          "Topic \(topic) exists with \(shape.partitionCount) "
            + "\(shape.partitionCount == 1 ? "partition" : "partitions")"))
    case .missing:
      findings.append(
        .faulty(
          name, "Topic \(topic) does not exist", advice: "Create it",
          commands: [
            lines.create(
              topic, partitionCount: shape?.partitionCount ?? KafkaSettings.suggestedPartitionCount,
              replicationFactor: inquiry.suggestedReplicationFactor)
          ]))
    case .impossibleName:
      findings.append(
        .faulty(name, "Kafka takes no topic named \(topic)", advice: "Choose another name"))
    case .refused(let code):
      findings.append(missingRight(right, name, code))
    }
  }

  private mutating func reportPartitions(_ input: TopicShape?, _ result: TopicShape?) {
    guard let input, let result else { return }
    guard result.partitionCount >= input.partitionCount else {
      findings.append(
        .faulty(
          "partitions",
          "Result topic \(settings.resultTopic) has \(result.partitionCount) partitions, input topic "
            + "\(settings.inputTopic) has \(input.partitionCount): outcomes keep their event's partition",
          advice: "Add partitions",
          commands: [lines.grow(settings.resultTopic, to: input.partitionCount)]))
      return
    }
    findings.append(.good("partitions", "The result topic has a partition for each of the input topic"))
  }

  // MARK: settings

  private mutating func reportSettings(
    _ input: TopicShape?, _ result: TopicShape?, _ inquiry: borrowing ClusterInquiry
  ) {
    let topics = [input.map { _ in settings.inputTopic }, result.map { _ in settings.resultTopic }]
    let brokers = inquiry.brokers.prefix(ClusterInquiry.askedBrokerLimit).map(\.id)
    let described = inquiry.describe(
      topics: topics.compactMap { $0 }, brokers: brokers, within: Self.describeLimit)
    if let input {
      report(
        described, .topic(settings.inputTopic), "input topic settings", .describeInputSettings,
        rules.findings(input:))
      findings.append(rules.replication(settings.inputTopic, input))
    }
    if let result {
      report(
        described, .topic(settings.resultTopic), "result topic settings", .describeResultSettings,
        rules.findings(result:))
      findings.append(rules.replication(settings.resultTopic, result))
    }
    reportBrokerSettings(described.filter { $0.subject.isBroker })
    if inquiry.brokers.count > ClusterInquiry.askedBrokerLimit {
      findings.append(
        .doubtful(
          "broker settings",
          "Only the first \(ClusterInquiry.askedBrokerLimit) of \(inquiry.brokers.count) brokers were asked",
          advice: "Make sure that the others are set up like them"))
    }
  }

  private mutating func report(
    _ described: [DescribedSettings], _ subject: DescribedSettings.Subject, _ name: String,
    _ right: KafkaRight,
    _ judge: (DescribedSettings) -> [KafkaFinding]
  ) {
    guard let found = described.first(where: { $0.subject == subject }) else { return }
    if let failure = found.failure {
      findings.append(unreadable(name, failure, right, what: "clean-up policy and retention"))
    } else {
      findings += judge(found)
    }
  }

  private mutating func reportBrokerSettings(_ brokers: [DescribedSettings]) {
    let readable = brokers.filter { $0.failure == nil }
    if let failure = brokers.compactMap(\.failure).first {
      findings.append(
        unreadable(
          "broker settings", failure, .describeBrokerSettings,
          what: "transaction verification, offset metadata and offsets retention of "
            + (readable.isEmpty
              ? "the brokers" : "\(brokers.count - readable.count) of \(brokers.count) brokers")))
    }
    if !readable.isEmpty { findings += rules.findings(brokers: readable) }
  }

  private func unreadable(
    _ name: String, _ failure: KafkaFailure, _ right: KafkaRight, what: String
  ) -> KafkaFinding {
    .doubtful(
      name,
      "\(what) cannot be read (\(failure.code.name)) and are taken as they should be".capitalisedFirst(),
      advice: failure.code.isAccessRefusal
        ? "Grant \(right.name(settings)), or look at them another way" : "Look at them another way",
      commands: failure.code.isAccessRefusal ? [lines.grant(right, settings)] : [])
  }

  // MARK: rights

  private mutating func reportStart(
    _ input: TopicShape?, _ inquiry: borrowing ClusterInquiry
  ) -> RightTrial.Answer {
    let name = "start position"
    // Of a topic that is not there the group has no offsets; the question about the group is still one.
    let asked = inquiry.hasCommitted(partitionCount: input?.partitionCount ?? 1, within: Self.tryLimit)
    switch asked {
    case .success(true):
      findings.append(.good(name, "Group \(settings.groupID) has committed offsets and goes on from there"))
    case .success(false):
      guard settings.start == nil else {
        findings.append(
          .good(name, "Group \(settings.groupID) has no offsets yet and begins where input.start says"))
        break
      }
      findings.append(
        .faulty(
          name,
          "Group \(settings.groupID) has no offsets and input.start is not set, so the worker would not start",
          advice: "Set input.start to earliest, latest or a time"))
    case .failure(let failure) where failure.code.isAccessRefusal:
      return .refused(failure.code)
    case .failure(let failure):
      findings.append(
        .doubtful(
          name, "The offsets of group \(settings.groupID) could not be read (\(failure.description))",
          advice: "Try again; a coordinator may be on its way to another broker"))
      return .unknown(failure.description)
    }
    return .granted
  }

  private mutating func reportReading(_ input: TopicPresence, _ inquiry: borrowing ClusterInquiry) {
    let name = "right to read events"
    guard isSeen(input, name, .readInput) else { return }
    guard let code = inquiry.tryReading(within: Self.tryLimit) else {
      findings.append(
        .good(name, "\(KafkaRight.readInput.name(settings)): partition 0 was read at its end"))
      return
    }
    if code.isAccessRefusal {
      findings.append(missingRight(.readInput, name, code))
    } else {
      untried(name, "partition 0 gave no answer (\(code.name))", .readInput)
    }
  }

  /// Whether rights on a topic can be tried. That it is missing, or refused with its right, has been said.
  private mutating func isSeen(_ presence: TopicPresence, _ name: String, _ right: KafkaRight) -> Bool {
    switch presence {
    case .present: return true
    case .refused, .impossibleName: return false
    case .missing:
      untried(name, "the topic is missing", right)
      return false
    }
  }

  private mutating func reportTransactions(_ result: TopicPresence, _ group: RightTrial.Answer) {
    var trialSettings = settings
    trialSettings.instance += "-check"
    let answers: RightTrial.Answers
    do throws(FatalFault) {
      answers = try RightTrial(trialSettings).run(within: Self.tryLimit)
    } catch {
      findings.append(KafkaFinding(.faulty(error.kind), "transactions", error.message.droppingFullStop()))
      return
    }
    report(
      answers.transactionalID, "right to transactions", .useTransactionalID,
      "Write on transactional id \(trialSettings.transactionalID): a transaction was begun and aborted. The worker's "
        + "own id \(settings.transactionalID) was left alone, so that a worker with it is not disturbed: a right for "
        + "just one of the two ids is not seen")
    if isSeen(result, "right to write outcomes", .writeResult) {
      report(
        answers.writing, "right to write outcomes", .writeResult,
        "\(KafkaRight.writeResult.name(settings)): a record was written to partition 0 in a transaction that was "
          + "aborted; who reads committed records does not see it")
    }
    // What was refused before stays refused, also where it could not be tried with a transaction.
    var groupAnswer = answers.group
    if case .refused = group { groupAnswer = group }
    report(
      groupAnswer, "right to the group", .useGroup,
      "\(KafkaRight.useGroup.name(settings)): it was asked to take an offset, of a partition that does not exist, in a "
        + "transaction that was aborted. The group was not joined: whether its members fit together is not proven"
    )
  }

  private mutating func reportStatusRight(_ status: TopicPresence) {
    let name = "right to write status"
    guard isSeen(status, name, .writeStatus) else { return }
    guard settings.guarantee == .exactlyOnce else {
      findings.append(
        .doubtful(
          name,
          "\(KafkaRight.writeStatus.name(settings)) was not tried: without transactions the record would be seen by "
            + "every reader",
          advice: "Make sure that the right is there", commands: [lines.grant(.writeStatus, settings)]))
      return
    }
    var trialSettings = settings
    trialSettings.instance += "-check"
    trialSettings.resultTopic = settings.statusTopic ?? settings.resultTopic
    do throws(FatalFault) {
      let answers = try RightTrial(trialSettings).run(within: Self.tryLimit)
      report(
        answers.writing, name, .writeStatus,
        "\(KafkaRight.writeStatus.name(settings)): a record was written to partition 0 in a transaction that was aborted"
      )
    } catch {
      findings.append(KafkaFinding(.faulty(error.kind), name, error.message.droppingFullStop()))
    }
  }

  /// Without transactions a trial would leave traces: an outcome for everybody to see, an offset of the group.
  private mutating func reportPlainRights(_ group: RightTrial.Answer) {
    if case .refused(let code) = group {
      findings.append(missingRight(.useGroup, "right to the group", code))
    } else {
      findings.append(
        .good(
          "right to the group",
          "Describe on group \(settings.groupID): its offsets were asked for. Joining and committing were not tried"
        ))
    }
    findings.append(
      .doubtful(
        "right to write outcomes",
        "\(KafkaRight.writeResult.name(settings)) was not tried: without transactions the record would be an outcome "
          + "for every reader",
        advice: "Make sure that the right is there", commands: [lines.grant(.writeResult, settings)]))
    reportIdempotence()
  }

  private mutating func reportIdempotence() {
    let name = "right to write idempotently"
    do throws(FatalFault) {
      guard let code = try IdempotenceTrial(settings).refusal(within: Self.tryLimit) else {
        findings.append(
          .good(name, "\(KafkaRight.writeIdempotently.name(settings)): a producer was given its number"))
        return
      }
      if code.isAccessRefusal {
        findings.append(missingRight(.writeIdempotently, name, code))
      } else {
        untried(name, "no broker gave a producer its number in time (\(code.name))", .writeIdempotently)
      }
    } catch {
      findings.append(KafkaFinding(.faulty(error.kind), name, error.message.droppingFullStop()))
    }
  }

  private mutating func report(
    _ answer: RightTrial.Answer, _ name: String, _ right: KafkaRight, _ granted: String
  ) {
    switch answer {
    case .granted: findings.append(.good(name, granted))
    case .refused(let code): findings.append(missingRight(right, name, code))
    case .unknown(let why): untried(name, why, right)
    case .untried:
      untried(
        name, "it takes a transaction, whose right is missing", right,
        commands: [lines.grant(right, settings)])
    }
  }

  private func missingRight(_ right: KafkaRight, _ name: String, _ code: KafkaCode) -> KafkaFinding {
    KafkaFinding(
      .faulty(.accessDenied), name,
      "Kafka refuses \(right.name(settings)) (\(code.name))", advice: "Grant it",
      commands: [lines.grant(right, settings)])
  }

  /// `commands`: grant the right, where one is likely to be missing.
  private mutating func untried(
    _ name: String, _ why: String, _ right: KafkaRight, commands: [String] = []
  ) {
    findings.append(
      .doubtful(
        name, "\(right.name(settings)) could not be tried: \(why)",
        advice: commands.isEmpty
          ? "Check again when that is right" : "Grant it if it is missing, and check again",
        commands: commands))
  }
}

extension TopicPresence {
  /// Nil unless it is there.
  fileprivate var shape: TopicShape? {
    switch self {
    case .present(let shape): shape
    case .missing, .refused, .impossibleName: nil
    }
  }
}

extension DescribedSettings.Subject {
  fileprivate var isBroker: Bool {
    switch self {
    case .broker: true
    case .topic: false
    }
  }
}

extension String {
  fileprivate func droppingFullStop() -> String { hasSuffix(".") ? String(dropLast()) : self }
  fileprivate func capitalisedFirst() -> String { prefix(1).uppercased() + dropFirst() }
}
