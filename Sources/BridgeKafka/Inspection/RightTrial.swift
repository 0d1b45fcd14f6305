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
    switch try inTransaction(until: MonotonicTime.now + timeout, tryWriting) {
    case .success(.refused(let code)): throw KafkaRight.writeResult.fault(settings, code)
    case .success(.granted), .success(.unknown), .success(.untried): return
    case .failure(let failure): throw settings.startFault(failure)
    }
  }

  /// Also as a committer of the group, without joining it: the offset goes with the transaction.
  func run(within span: TimeSpan) throws(FatalFault) -> Answers {
    let writing = try inTransaction(until: MonotonicTime.now + span, tryWriting)
    switch writing {
    case .failure(let failure) where failure.code.isAccessRefusal:
      return Answers(transactionalID: .refused(failure.code), writing: .untried, group: .untried)
    case .failure(let failure):
      let unknown = Answer.unknown(failure.description)
      return Answers(transactionalID: unknown, writing: unknown, group: unknown)
    case .success(let writing):
      let group = try inTransaction(until: MonotonicTime.now + span, tryCommitting)
      return Answers(
        transactionalID: .granted, writing: writing,
        group: (try? group.get()) ?? .unknown("the transaction could not be begun again"))
    }
  }

  /// Each trial has its own producer: one whose first request was refused is of no use any more. A failure is that of
  /// the transactional id.
  private func inTransaction(
    until deadline: MonotonicTime, _ trial: (borrowing OutcomeProducer) -> Answer
  ) throws(FatalFault) -> Result<Answer, KafkaFailure> {
    let producer = try OutcomeProducer(settings, notices: KafkaNotices())
    if let failure = producer.initialize(while: { MonotonicTime.now < deadline }) {
      return .failure(producer.client.fatalFailure() ?? failure)
    }
    if let failure = producer.begin(while: { true }) { return .success(.unknown(failure.description)) }
    let answer = trial(producer)
    abort(producer)
    return .success(answer)
  }

  /// What cannot be aborted has no record in any partition yet; the next producer of this id ends it.
  private func abort(_ producer: borrowing OutcomeProducer) {
    guard !producer.forbidsAbort else { return }
    let deadline = MonotonicTime.now + Self.abortLimit
    _ = producer.abort(while: { MonotonicTime.now < deadline })
  }

  /// One record in the first partition of the result topic.
  private func tryWriting(_ producer: borrowing OutcomeProducer) -> Answer {
    if let failure = produceOne(producer.client.raw) { return answer(failure) }
    let deadline = MonotonicTime.now + Self.limit
    while MonotonicTime.now < deadline {
      let isFlushed = KafkaCode(rd_kafka_flush(producer.client.raw, Self.askMilliseconds)).isSuccess
      // Refused partitions fail the transaction, and that throws their records away.
      if let failure = transactionFailure(producer.client.raw) { return answer(failure) }
      if let failure = producer.deliveryFailure() {
        return answer(KafkaFailure(failure.code, failure.code.sentence))
      }
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
