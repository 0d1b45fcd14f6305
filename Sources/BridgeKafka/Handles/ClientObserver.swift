import BridgeCore
import CRdKafka
import Synchronization

/// What the client library tells about one handle, from its own threads: requests that went without an answer, the
/// heartbeats, records that were not delivered, its log. Everything in here is safe to touch from any thread.
final class ClientObserver: Sendable {
  /// A record that was produced and then failed.
  struct DeliveryFailure: Sendable {
    var code: KafkaCode
    /// Index of the outcome in its batch.
    var outcome: Int
  }

  let notices: KafkaNotices
  /// The handle has begun to leave its group.
  let isClosing = Atomic<Bool>(false)
  private let unansweredTransactionCount = Atomic<Int>(0)
  private let unansweredCommitCount = Atomic<Int>(0)
  private let producerNumberCount = Atomic<Int>(0)
  private let heartbeatSentAt = Atomic<Int64>(0)
  private let answeredHeartbeatSentAt = Atomic<Int64>(0)
  private let provenHeartbeatSentAt = Atomic<Int64>(0)
  private let answeredAt = Atomic<Int64>(0)
  private let hasFailedSince = Atomic<Bool>(false)
  private let failedDeliveries = Atomic<Int>(0)
  private let firstDeliveryFailure = Mutex<DeliveryFailure?>(nil)

  init(notices: KafkaNotices) { self.notices = notices }

  /// A request of a transaction ended without an answer: a late copy of it may still change the next transaction.
  var hasUnansweredTransactionRequest: Bool { unansweredTransactionCount.load(ordering: .acquiring) > 0 }

  /// Offset commits that ended without an answer so far.
  var unansweredOffsetCommitCount: Int { unansweredCommitCount.load(ordering: .acquiring) }

  /// A broker has answered the request for an idempotent producer's number, with one or with a refusal.
  var hasProducerNumberAnswer: Bool { producerNumberCount.load(ordering: .acquiring) > 0 }

  /// When the last heartbeat was sent that was answered, and whose answer let the member go on: another heartbeat
  /// followed it. The answer itself may carry an error that is not visible here.
  var provenHeartbeat: MonotonicTime? {
    let time = provenHeartbeatSentAt.load(ordering: .acquiring)
    return time == 0 ? nil : MonotonicTime(microseconds: time)
  }

  /// What was last heard from the brokers.
  var contact: BrokerContact {
    var contact = BrokerContact()
    let time = answeredAt.load(ordering: .relaxed)
    contact.answeredAt = time == 0 ? nil : MonotonicTime(microseconds: time)
    contact.hasFailedSince = hasFailedSince.load(ordering: .relaxed)
    return contact
  }

  func takeDeliveryFailure() -> DeliveryFailure? {
    firstDeliveryFailure.withLock { failure in
      defer { failure = nil }
      return failure
    }
  }

  fileprivate func requestSent(_ request: Int16) {
    guard request == RequestNumber.heartbeat else { return }
    let answered = answeredHeartbeatSentAt.exchange(0, ordering: .acquiringAndReleasing)
    if answered != 0 { provenHeartbeatSentAt.store(answered, ordering: .releasing) }
    heartbeatSentAt.store(MonotonicTime.now.microseconds, ordering: .releasing)
  }

  fileprivate func requestEnded(_ request: Int16, code: KafkaCode) {
    if code.isSuccess { answeredAt.store(MonotonicTime.now.microseconds, ordering: .relaxed) }
    hasFailedSince.store(!code.isSuccess, ordering: .relaxed)
    switch request {
    case RequestNumber.addPartitionsToTransaction, RequestNumber.addOffsetsToTransaction,
      RequestNumber.transactionalOffsetCommit, RequestNumber.endTransaction:
      if !code.isSuccess { unansweredTransactionCount.add(1, ordering: .acquiringAndReleasing) }
    case RequestNumber.offsetCommit:
      if !code.isSuccess { unansweredCommitCount.add(1, ordering: .acquiringAndReleasing) }
    case RequestNumber.initProducerNumber:
      if code.isSuccess { producerNumberCount.add(1, ordering: .acquiringAndReleasing) }
    case RequestNumber.heartbeat:
      // The library reports an end twice, but one heartbeat is under way at most and both reports come before the
      // next is sent; so this is the end of the last one.
      guard code.isSuccess else { return }
      answeredHeartbeatSentAt.store(heartbeatSentAt.load(ordering: .acquiring), ordering: .releasing)
    default: break
    }
  }

  /// Records that were produced and then failed so far.
  var failedDeliveryCount: Int { failedDeliveries.load(ordering: .relaxed) }

  func recordFailed(_ code: KafkaCode, outcome: Int) {
    failedDeliveries.add(1, ordering: .relaxed)
    firstDeliveryFailure.withLock { first in
      if first == nil { first = DeliveryFailure(code: code, outcome: outcome) }
    }
  }

  fileprivate func libraryLogged(severity: Int32, facility: String, text: String) {
    // Severities are those of syslog. Advice about properties is no news: it repeats at every client.
    guard severity <= 5, facility != "CONFWARN", facility != "AUTOCREATE" else { return }
    let level: KafkaNotice.Level = severity <= 3 ? .error : severity == 4 ? .warning : .note
    notices.post(KafkaNotice(level, "kafka client message", detail: "\(facility): \(text)"))
  }
}

/// Numbers of Kafka's requests.
enum RequestNumber {
  static let offsetCommit: Int16 = 8
  static let heartbeat: Int16 = 12
  static let initProducerNumber: Int16 = 22
  static let addPartitionsToTransaction: Int16 = 24
  static let addOffsetsToTransaction: Int16 = 25
  static let endTransaction: Int16 = 26
  static let transactionalOffsetCommit: Int16 = 28
}

extension ClientObserver {
  /// Makes this object the one that a configuration's future handle reports to. The handle's owner keeps it alive.
  func attach(to configuration: OpaquePointer) {
    let place = Unmanaged.passUnretained(self).toOpaque()
    rd_kafka_conf_set_opaque(configuration, place)
    rd_kafka_conf_set_log_cb(configuration) { client, severity, facility, text in
      guard let client, let observer = ClientObserver.at(rd_kafka_opaque(client)), let text else { return }
      let origin = facility.map { String(cString: $0) } ?? ""
      observer.libraryLogged(severity: severity, facility: origin, text: String(cString: text))
    }
    rd_kafka_conf_interceptor_add_on_new(
      configuration, "lippi-bridge",
      { client, _, place, _, _ in
        rd_kafka_interceptor_add_on_request_sent(
          client, "lippi-bridge",
          { _, _, _, _, request, _, _, _, place in
            ClientObserver.at(place)?.requestSent(request)
            return RD_KAFKA_RESP_ERR_NO_ERROR
          }, place)
        return rd_kafka_interceptor_add_on_response_received(
          client, "lippi-bridge",
          { _, _, _, _, request, _, _, _, _, code, place in
            ClientObserver.at(place)?.requestEnded(request, code: KafkaCode(code))
            return RD_KAFKA_RESP_ERR_NO_ERROR
          }, place)
      }, place)
  }

  /// Failed records are reported while the producer is polled or flushed, on that thread.
  func attachDeliveryReports(to configuration: OpaquePointer) {
    rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, place in
      guard let message, message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
      ClientObserver.at(place)?.recordFailed(
        KafkaCode(message.pointee.err), outcome: Int(bitPattern: message.pointee._private) - 1)
    }
  }

  /// Errors that no call returns, for handles whose queue is polled for its own sake.
  func attachErrorReports(to configuration: OpaquePointer) {
    rd_kafka_conf_set_error_cb(configuration) { _, code, text, place in
      let code = KafkaCode(rd_kafka_resp_err_t(rawValue: code))
      ClientObserver.at(place)?.notices.post(
        KafkaNotice(
          .warning, "kafka client error", code: code.name, detail: text.map { String(cString: $0) }))
    }
  }

  private static func at(_ place: UnsafeMutableRawPointer?) -> ClientObserver? {
    place.map { Unmanaged<ClientObserver>.fromOpaque($0).takeUnretainedValue() }
  }
}
