package import BridgeCore
import CRdKafka

/// How many partitions the two topics have.
package struct TopicCounts: Sendable, Equatable {
  package var input: Int
  package var result: Int
  /// What the brokers allow.
  package var recoveryLogLimits = RecoveryLogLimits.standard
}

extension KafkaSettings {
  /// Looks, before anything is joined, whether brokers answer, whether both topics are there and the result topic has
  /// as many partitions as the input topic, whether the cluster's settings allow what is promised, and whether we
  /// have the rights that can be tried without joining the group. What cannot be read is said in a notice.
  package func verifyTopics(timeout: TimeSpan, notices: KafkaNotices) throws(FatalFault) -> TopicCounts {
    var inquiry = try ClusterInquiry(self, timeout: timeout)
    let input = try partitionCount(of: inputTopic, like: nil, &inquiry, right: .readInput)
    let result = try partitionCount(of: resultTopic, like: input, &inquiry, right: .writeResult)
    guard result >= input else { throw tooFewPartitions(input: input, result: result) }
    let limits = try verifyClusterSettings(inquiry, notices)
    try verifyRights(&inquiry)
    return TopicCounts(input: input, result: result, recoveryLogLimits: limits)
  }

  func tooFewPartitions(input: Int, result: Int) -> FatalFault {
    FatalFault(
      .configuration,
      "Result topic \(resultTopic) has \(result) partitions, input topic \(inputTopic) has \(input); outcomes keep "
        + "their event's partition. Add partitions: "
        + AdministrationLines(self).grow(resultTopic, to: input))
  }

  func partitionCount(
    of topic: String, like wanted: Int?, _ inquiry: inout ClusterInquiry, right: KafkaRight
  ) throws(FatalFault) -> Int {
    switch try inquiry.topic(topic) {
    case .present(let shape): return shape.partitionCount
    case .refused(let code): throw right.fault(self, code)
    case .impossibleName:
      throw FatalFault(.configuration, "Kafka does not take \(topic) as the name of a topic.")
    case .missing:
      let line = AdministrationLines(self).create(
        topic, partitionCount: wanted ?? Self.suggestedPartitionCount,
        replicationFactor: inquiry.suggestedReplicationFactor)
      throw FatalFault(.configuration, "Topic \(topic) does not exist. Create it: \(line)")
    }
  }

  /// For a topic that nothing is known of.
  static let suggestedPartitionCount = 6

  /// A coordinator that is not there yet is no fault.
  private func verifyRights(_ inquiry: inout ClusterInquiry) throws(FatalFault) {
    if case .failure(let failure) = inquiry.hasCommitted(partitionCount: 1, within: KafkaTimes.slice),
      failure.code.isAccessRefusal
    {
      throw KafkaRight.useGroup.fault(self, failure.code)
    }
    if let code = inquiry.tryReading(within: KafkaTimes.slice), code.isAccessRefusal {
      throw KafkaRight.readInput.fault(self, code)
    }
    guard guarantee == .exactlyOnce else { return }
    // Otherwise the first outcome would show it, when events have been sent already.
    try RightTrial(self).verifyWriting(timeout: startupTimeout)
  }

  /// What the promise rests on must not be off; what is not told is said, and taken as it should be.
  private func verifyClusterSettings(
    _ inquiry: borrowing ClusterInquiry, _ notices: KafkaNotices
  ) throws(FatalFault) -> RecoveryLogLimits {
    let described = inquiry.describe(
      topics: [inputTopic, resultTopic], brokers: inquiry.askedBrokers, within: KafkaTimes.slice)
    for answer in described {
      if let refusal = SettingRules(self).refusal(answer) { throw refusal }
    }
    let limits = try SettingRules.recoveryLogLimits(described)
    guard let failure = described.lazy.compactMap(\.failure).first else { return limits }
    // A cluster that cannot tell at all is an imitation, or older than all that the worker runs with.
    notices.post(
      KafkaNotice(
        failure.code == .unsupported ? .note : .warning, "settings of brokers and topics cannot be verified",
        code: failure.code.name,
        detail: "cleanup.policy and transaction.partition.verification.enable are taken as they should be; "
          + "lippi-bridge check --connect says which right is missing"))
    return limits
  }
}

extension ClusterInquiry {
  /// More brokers than these are not asked one by one.
  static let askedBrokerLimit = 16

  var askedBrokers: [Int32] { brokers.prefix(Self.askedBrokerLimit).map(\.id) }

  /// Three copies, where there are brokers for them.
  var suggestedReplicationFactor: Int { max(1, min(3, brokers.count)) }
}
