import BridgeCore
import CRdKafka

/// The settings of a topic or a broker as the cluster tells them.
struct DescribedSettings: Sendable {
  enum Subject: Hashable, Sendable {
    case topic(String)
    case broker(Int32)
  }

  var subject: Subject
  /// By name; empty if they could not be read.
  var values: [String: String]
  /// Why not.
  var failure: KafkaFailure?

  /// A whole number; nil if there is none.
  func number(_ name: String) -> Int64? { values[name].flatMap { Int64($0) } }

  /// `compact` stands in the clean-up policy, alone or beside `delete`.
  var isCompacted: Bool {
    values["cleanup.policy"]?.split(separator: ",").contains { $0.drop { $0 == " " } == "compact" } ?? false
  }

  /// Nil if the broker does not have the setting, or does not tell.
  var verifiesTransactions: Bool? { values["transaction.partition.verification.enable"].map { $0 == "true" } }
}

extension ClientHandle {
  /// Asks for all at once and waits until everything is answered or the time is over. A broker is asked for its own
  /// settings, so an answer also says that it can be reached.
  borrowing func describe(
    topics: [String], brokers: [Int32], within span: TimeSpan
  ) -> [DescribedSettings] {
    var waiting: [[DescribedSettings.Subject]] = []
    if !topics.isEmpty { waiting.append(topics.map { .topic($0) }) }
    waiting += brokers.map { [.broker($0)] }
    let queue = rd_kafka_queue_new(raw)
    defer { rd_kafka_queue_destroy(queue) }
    for (index, subjects) in waiting.enumerated() { ask(subjects, number: index, span, queue) }
    var answers: [DescribedSettings] = []
    let deadline = MonotonicTime.now + span + .milliseconds(500)
    var openCount = waiting.count
    while openCount > 0, MonotonicTime.now < deadline {
      guard let event = rd_kafka_queue_poll(queue, 100) else { continue }
      defer { rd_kafka_event_destroy(event) }
      openCount -= 1
      let number = Int(bitPattern: rd_kafka_event_opaque(event)) - 1
      guard waiting.indices.contains(number) else { continue }
      answers += Self.answers(in: event, to: waiting[number])
      waiting[number] = []
    }
    for subject in waiting.joined() {
      answers.append(
        DescribedSettings(
          subject: subject, values: [:], failure: KafkaFailure(.timedOut, KafkaCode.timedOut.sentence)))
    }
    return answers
  }

  private borrowing func ask(
    _ subjects: [DescribedSettings.Subject], number: Int, _ span: TimeSpan, _ queue: OpaquePointer?
  ) {
    var resources: [OpaquePointer?] = subjects.map { subject in
      switch subject {
      case .topic(let name): rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name)
      case .broker(let id): rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, "\(id)")
      }
    }
    defer { rd_kafka_ConfigResource_destroy_array(&resources, resources.count) }
    let options = rd_kafka_AdminOptions_new(raw, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)
    defer { rd_kafka_AdminOptions_destroy(options) }
    var reason = [CChar](repeating: 0, count: 128)
    rd_kafka_AdminOptions_set_request_timeout(
      options, Int32(clamping: span.milliseconds), &reason, reason.count)
    rd_kafka_AdminOptions_set_opaque(options, UnsafeMutableRawPointer(bitPattern: number + 1))
    rd_kafka_DescribeConfigs(raw, &resources, resources.count, options, queue)
  }

  private static func answers(
    in event: OpaquePointer, to subjects: [DescribedSettings.Subject]
  ) -> [DescribedSettings] {
    let code = KafkaCode(rd_kafka_event_error(event))
    var count = 0
    guard code.isSuccess,
      let resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count)
    else {
      let text = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? code.sentence
      return subjects.map {
        DescribedSettings(subject: $0, values: [:], failure: KafkaFailure(code, text))
      }
    }
    // In the order of the question.
    return zip(subjects, 0..<count).map { subject, index in
      DescribedSettings(
        subject: subject, values: values(of: resources[index]), failure: failure(of: resources[index]))
    }
  }

  private static func failure(of resource: OpaquePointer?) -> KafkaFailure? {
    let code = KafkaCode(rd_kafka_ConfigResource_error(resource))
    guard !code.isSuccess else { return nil }
    let text = rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) }
    return KafkaFailure(code, text ?? code.sentence)
  }

  private static func values(of resource: OpaquePointer?) -> [String: String] {
    var count = 0
    guard let entries = rd_kafka_ConfigResource_configs(resource, &count) else { return [:] }
    var values: [String: String] = [:]
    for index in 0..<count {
      guard let name = rd_kafka_ConfigEntry_name(entries[index]),
        let value = rd_kafka_ConfigEntry_value(entries[index])
      else { continue }
      values[String(cString: name)] = String(cString: value)
    }
    return values
  }
}
