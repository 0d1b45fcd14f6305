import BridgeCore
import CRdKafka

/// Tries rights of the transactional producer: a transaction that is begun, written into and aborted. Readers that
/// read committed records never see it.
struct RightTrial {
  enum Answer: Sendable, Equatable {
    case granted
    case refused(KafkaCode)
    /// It could not be found out; says why.
    case unknown(String)
    /// What comes before it was refused.
    case untried
  }

  struct Answers: Sendable {
    var transactionalID: Answer
    var writing: Answer
    var group: Answer
  }

  private let settings: KafkaSettings

  private static let limit = TimeSpan.seconds(5)
  private static let askMilliseconds: Int32 = 20
  /// Kafka does not make topics that large.
  private static let impossiblePartition: PartitionIndex = 10_000_000
  /// The library asks for the partition again and again until this is over; a refused group is told at once.
  private static let commitMilliseconds: Int32 = 1_000
  private static let abortLimit = TimeSpan.seconds(5)

  /// Uses the transactional id of `settings`: whoever else uses it is fenced.
  init(_ settings: KafkaSettings) { self.settings = settings }

  /// - Throws: the id or the result topic is refused. Anything else shows, and is waited for, in the worker's life.
  func verifyWriting(timeout: TimeSpan) throws(FatalFault) {
    let deadline = MonotonicTime.now + timeout
    let producer = try OutcomeProducer(settings, notices: KafkaNotices())
    if let failure = producer.initialize(while: { MonotonicTime.now < deadline }) {
      throw settings.startFault(producer.client.fatalFailure() ?? failure)
    }
    guard producer.begin(while: { true }) == nil else { return }
    let answer = tryWriting(producer)
    abort(producer)
    if case .refused(let code) = answer { throw KafkaRight.writeResult.fault(settings, code) }
  }

  /// Also as a committer of the group, without joining it: the offset goes with the transaction.
  func run(within span: TimeSpan) throws(FatalFault) -> Answers {
    let deadline = MonotonicTime.now + span
    let producer = try OutcomeProducer(settings, notices: KafkaNotices())
    if let failure = producer.initialize(while: { MonotonicTime.now < deadline }) {
      let found = producer.client.fatalFailure() ?? failure
      guard found.code.isAccessRefusal else {
        let unknown = Answer.unknown(found.description)
        return Answers(transactionalID: unknown, writing: unknown, group: unknown)
      }
      return Answers(transactionalID: .refused(found.code), writing: .untried, group: .untried)
    }
    return Answers(
      transactionalID: .granted, writing: inTransaction(producer, tryWriting),
      group: inTransaction(producer, tryCommitting))
  }

  private func inTransaction(
    _ producer: borrowing OutcomeProducer, _ trial: (borrowing OutcomeProducer) -> Answer
  ) -> Answer {
    if let failure = producer.begin(while: { true }) { return .unknown(failure.description) }
    let answer = trial(producer)
    abort(producer)
    return answer
  }

  private func abort(_ producer: borrowing OutcomeProducer) {
    let deadline = MonotonicTime.now + Self.abortLimit
    _ = producer.abort(while: { MonotonicTime.now < deadline })
  }

  /// One record in the first partition of the result topic.
  private func tryWriting(_ producer: borrowing OutcomeProducer) -> Answer {
    if let failure = produceOne(producer.client.raw) { return answer(failure) }
    let deadline = MonotonicTime.now + Self.limit
    while MonotonicTime.now < deadline {
      let isFlushed = KafkaCode(rd_kafka_flush(producer.client.raw, Self.askMilliseconds)).isSuccess
      if let failure = producer.deliveryFailure() {
        return answer(KafkaFailure(failure.code, failure.code.sentence))
      }
      if let failure = transactionFailure(producer.client.raw) { return answer(failure) }
      if isFlushed { return .granted }
    }
    return .unknown("Kafka did not take a record in time")
  }

  /// Beginning what has begun changes nothing; the refusal tells the state that the transaction is in.
  private func transactionFailure(_ client: OpaquePointer) -> KafkaFailure? {
    guard let failure = KafkaFailure(consuming: rd_kafka_begin_transaction(client)),
      failure.code != .wrongState
    else { return nil }
    return failure
  }

  private func produceOne(_ client: OpaquePointer) -> KafkaFailure? {
    settings.resultTopic.withCString { topic in
      withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 2) { items in
        items.initialize(repeating: rd_kafka_vu_t())
        items[0].vtype = RD_KAFKA_VTYPE_TOPIC
        items[0].u.cstr = topic
        items[1].vtype = RD_KAFKA_VTYPE_PARTITION
        items[1].u.i32 = 0
        return KafkaFailure(consuming: rd_kafka_produceva(client, items.baseAddress, 2))
      }
    }
  }

  /// An offset of a partition that does not exist: the group is asked for its right first, and nothing of it changes.
  private func tryCommitting(_ producer: borrowing OutcomeProducer) -> Answer {
    let offsets = PartitionList(topic: settings.inputTopic, [Self.impossiblePartition], offset: 0)
    guard let metadata = rd_kafka_consumer_group_metadata_new(settings.groupID) else {
      return .unknown("the group's name is refused")
    }
    defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
    let failure = KafkaFailure(
      consuming: rd_kafka_send_offsets_to_transaction(
        producer.client.raw, offsets.raw, metadata, Self.commitMilliseconds))
    switch failure?.code {
    // The topic's turn comes when the group has been found right.
    case nil, .unknownTopic, .topicRefused: return .granted
    case .some: return failure.map(answer) ?? .granted
    }
  }

  private func answer(_ failure: KafkaFailure) -> Answer {
    failure.code.isAccessRefusal ? .refused(failure.code) : .unknown(failure.description)
  }
}

extension KafkaSettings {
  /// Why the transactional producer cannot be made ready.
  func startFault(_ failure: KafkaFailure) -> FatalFault {
    switch failure.code {
    case .transactionalIDRefused: return KafkaRight.useTransactionalID.fault(self, failure.code)
    case let code where code.isAccessRefusal: return .authenticationRefused(self, failure.description)
    case let code where failure.isRetriable || code == .timedOut:
      return FatalFault(
        .brokerUnreachable,
        "Kafka did not make transactional id \(transactionalID) ready in time: \(failure.description).")
    default:
      return FatalFault(
        .configuration, "The transactional producer cannot be used: \(failure.description).")
    }
  }
}
