import BridgeCore
import CRdKafka

/// One broker, at the address that it tells its clients.
package struct BrokerAddress: Sendable, Equatable {
  package var id: Int32
  package var host: String
  package var port: Int32
}

/// What the cluster knows about a topic.
struct TopicShape: Sendable, Equatable {
  var partitionCount: Int
  /// Of the partition that has the fewest copies.
  var replicationFactor: Int
  /// Partitions that cannot be read or written at present.
  var leaderlessCount: Int
}

enum TopicPresence: Sendable, Equatable {
  case present(TopicShape)
  case missing
  /// Kafka does not tell us.
  case refused(KafkaCode)
  /// Kafka takes no topic of that name.
  case impossibleName
}

/// Asks a cluster about itself, as the group's name but never as its member.
struct ClusterInquiry: ~Copyable {
  private let client: ClientHandle
  private let settings: KafkaSettings
  private let deadline: MonotonicTime
  private(set) var words = ConnectionWords()
  /// As the last answer about a topic had them.
  private(set) var brokers: [BrokerAddress] = []

  private static let askSpan = TimeSpan.seconds(1)

  /// `timeout`: for everything that is asked about topics.
  init(_ settings: KafkaSettings, timeout: TimeSpan) throws(FatalFault) {
    self.settings = settings
    client = try settings.makeInquirer(observer: ClientObserver(notices: KafkaNotices()))
    deadline = MonotonicTime.now + timeout
  }

  /// Asks until there is an answer that decides: a topic has just been made, or a leader is being chosen.
  /// - Throws: no broker answered, or the connection was refused.
  mutating func topic(_ name: String) throws(FatalFault) -> TopicPresence {
    guard let handle = rd_kafka_topic_new(client.raw, name, nil) else { return .impossibleName }
    defer { rd_kafka_topic_destroy(handle) }
    while true {
      let left = min(max((deadline - .now).milliseconds, 1), Self.askSpan.milliseconds)
      var answer: UnsafePointer<rd_kafka_metadata>?
      let code = KafkaCode(rd_kafka_metadata(client.raw, 0, handle, &answer, Int32(left)))
      words.listen(to: client)
      if let answer {
        defer { rd_kafka_metadata_destroy(answer) }
        brokers = Self.brokers(in: answer.pointee)
        if code.isSuccess, answer.pointee.topic_cnt > 0,
          let presence = Self.presence(answer.pointee.topics[0])
        {
          return presence
        }
      }
      if let refusal = words.refusal { throw .authenticationRefused(settings, refusal) }
      if code.isAccessRefusal { return .refused(code) }
      guard MonotonicTime.now < deadline else { throw words.unansweredFault(settings, code) }
    }
  }

  /// Settings of topics and brokers; those that cannot be read say why.
  borrowing func describe(
    topics: [String], brokers: [Int32], within span: TimeSpan
  ) -> [DescribedSettings] {
    // It does not answer, and there is nothing to be learnt from it.
    guard !isImitation else {
      let failure = KafkaFailure(.unsupported, "an imitation of a cluster has no settings")
      let subjects: [DescribedSettings.Subject] = topics.map { .topic($0) } + brokers.map { .broker($0) }
      return subjects.map { DescribedSettings(subject: $0, values: [:], failure: failure) }
    }
    return client.describe(topics: topics, brokers: brokers, within: span)
  }

  /// The client library's own mock cluster, by the name that it gives itself.
  private var isImitation: Bool {
    guard let name = rd_kafka_clusterid(client.raw, 0) else { return false }
    defer { rd_kafka_mem_free(client.raw, name) }
    return String(cString: name).hasPrefix("mockCluster")
  }

  /// Whether the group has committed an offset in any of the first `partitionCount` partitions of the input topic.
  /// The first time that the group is asked for it may take until its coordinator is there.
  borrowing func hasCommitted(partitionCount: Int, within span: TimeSpan) -> Result<Bool, KafkaFailure> {
    let list = PartitionList(
      topic: settings.inputTopic, (0..<partitionCount).map { Int32($0) }, offset: -1)
    let code = KafkaCode(rd_kafka_committed(client.raw, list.raw, Int32(clamping: span.milliseconds)))
    if let code = code.isSuccess ? list.firstFailure() : code {
      return .failure(KafkaFailure(code, code.sentence))
    }
    return .success((0..<list.count).contains { list.offset(at: $0) >= 0 })
  }

  /// Whether a partition of the input topic may be read: a fetch at its end, outside the group. Nil: it may; a code
  /// that is no refusal means that it could not be found out.
  borrowing func tryReading(within span: TimeSpan) -> KafkaCode? {
    let list = PartitionList(topic: settings.inputTopic, [0], offset: Int64(RD_KAFKA_OFFSET_END))
    let code = KafkaCode(rd_kafka_assign(client.raw, list.raw))
    guard code.isSuccess else { return code }
    defer { rd_kafka_assign(client.raw, nil) }
    let deadline = MonotonicTime.now + span
    while MonotonicTime.now < deadline {
      guard let message = rd_kafka_consumer_poll(client.raw, 100) else { continue }
      defer { rd_kafka_message_destroy(message) }
      let code = KafkaCode(message.pointee.err)
      if code.isSuccess || code == .endOfPartition { return nil }
      if code.isAccessRefusal { return code }
    }
    return .timedOut
  }

  private static func brokers(in answer: rd_kafka_metadata) -> [BrokerAddress] {
    (0..<Int(answer.broker_cnt)).map { index in
      let broker = answer.brokers[index]
      return BrokerAddress(
        id: broker.id, host: broker.host.map { String(cString: $0) } ?? "", port: broker.port)
    }.sorted { $0.id < $1.id }
  }

  /// Nil if it is worth asking again.
  private static func presence(_ found: rd_kafka_metadata_topic) -> TopicPresence? {
    let code = KafkaCode(found.err)
    if code.isAccessRefusal { return .refused(code) }
    if code == .unknownTopic || code == .localUnknownTopic { return .missing }
    if code == .invalidTopic { return .impossibleName }
    guard code.isSuccess, found.partition_cnt > 0 else { return nil }
    let partitions = (0..<Int(found.partition_cnt)).map { found.partitions[$0] }
    return .present(
      TopicShape(
        partitionCount: partitions.count,
        replicationFactor: partitions.map { Int($0.replica_cnt) }.min() ?? 0,
        leaderlessCount: partitions.count { $0.leader < 0 }))
  }
}
