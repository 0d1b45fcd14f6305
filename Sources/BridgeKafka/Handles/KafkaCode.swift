import CRdKafka

/// An error code of Kafka (positive) or of its client library (negative).
struct KafkaCode: Hashable, Sendable {
  let number: Int32

  init(_ code: rd_kafka_resp_err_t) { number = code.rawValue }

  var raw: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: number) }

  /// As librdkafka writes it, for example `_TIMED_OUT` or `ILLEGAL_GENERATION`.
  var name: String { String(cString: rd_kafka_err2name(raw)) }
  var sentence: String { String(cString: rd_kafka_err2str(raw)) }

  static let none = KafkaCode(RD_KAFKA_RESP_ERR_NO_ERROR)
  static let endOfPartition = KafkaCode(RD_KAFKA_RESP_ERR__PARTITION_EOF)
  static let timedOut = KafkaCode(RD_KAFKA_RESP_ERR__TIMED_OUT)
  /// Follows the trouble of the last connection and does not say what that was.
  static let allBrokersDown = KafkaCode(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
  static let queueFull = KafkaCode(RD_KAFKA_RESP_ERR__QUEUE_FULL)
  static let fatal = KafkaCode(RD_KAFKA_RESP_ERR__FATAL)
  static let fenced = KafkaCode(RD_KAFKA_RESP_ERR__FENCED)
  static let outOfRange = KafkaCode(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
  static let fencedInstance = KafkaCode(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
  static let tls = KafkaCode(RD_KAFKA_RESP_ERR__SSL)
  static let wrongState = KafkaCode(RD_KAFKA_RESP_ERR__STATE)
  static let unsupported = KafkaCode(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
  static let unknownTopic = KafkaCode(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
  static let localUnknownTopic = KafkaCode(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
  static let invalidTopic = KafkaCode(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
  static let topicRefused = KafkaCode(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
  static let transactionalIDRefused = KafkaCode(
    RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  static let clusterRefused = KafkaCode(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
  static let groupRefused = KafkaCode(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
  static let requestTimedOut = KafkaCode(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT)

  var isSuccess: Bool { self == .none }

  /// The client library made it up: no broker answered.
  var isLocal: Bool { number < 0 }

  /// Credentials or rights were refused: trying again does not help until somebody changes something.
  var isAccessRefusal: Bool { Self.accessRefusals.contains(self) }

  /// The group does not know this member, generation or instance any more.
  var isMembershipRefusal: Bool { Self.membershipRefusals.contains(self) }

  /// Another producer has taken the transactional id, or a transaction time-out moved its epoch on.
  var isFencing: Bool { Self.fencings.contains(self) }

  /// Kafka does not want this one record; the others are fine.
  var isRecordRefusal: Bool { Self.recordRefusals.contains(self) }

  private static let accessRefusals: Set<KafkaCode> = [
    KafkaCode(RD_KAFKA_RESP_ERR__AUTHENTICATION),
    KafkaCode(RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED),
    .topicRefused, .groupRefused, .clusterRefused, .transactionalIDRefused,
  ]
  private static let membershipRefusals: Set<KafkaCode> = [
    KafkaCode(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION),
    KafkaCode(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID),
    .fencedInstance,
  ]
  private static let fencings: Set<KafkaCode> = [
    .fenced,
    KafkaCode(RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
    KafkaCode(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH),
  ]
  private static let recordRefusals: Set<KafkaCode> = [
    KafkaCode(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
    KafkaCode(RD_KAFKA_RESP_ERR_INVALID_RECORD),
    KafkaCode(RD_KAFKA_RESP_ERR_INVALID_MSG),
  ]
}

/// What a call of the transactional producer failed with.
struct KafkaFailure: Sendable {
  var code: KafkaCode
  var text: String
  var isFatal: Bool
  var isRetriable: Bool
  var requiresAbort: Bool
  /// Index of the outcome in its batch that Kafka does not want.
  var refusedOutcome: Int?

  /// Takes over and frees librdkafka's error; nil for no error.
  init?(consuming error: OpaquePointer?) {
    guard let error else { return nil }
    code = KafkaCode(rd_kafka_error_code(error))
    text = String(cString: rd_kafka_error_string(error))
    isFatal = rd_kafka_error_is_fatal(error) != 0
    isRetriable = rd_kafka_error_is_retriable(error) != 0
    requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
    rd_kafka_error_destroy(error)
  }

  /// A failure that no error object came with: the transaction cannot be committed.
  init(_ code: KafkaCode, _ text: String) {
    self.code = code
    self.text = text
    isFatal = false
    isRetriable = false
    requiresAbort = true
  }

  /// The same call may simply be made again.
  var allowsAnotherCall: Bool { isRetriable && !requiresAbort && !isFatal }
  var description: String { "\(code.name): \(text)" }
}
