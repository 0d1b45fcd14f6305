package import BridgeCore
import CRdKafka

/// Writes records into any topic, idempotently: a new topic's first requests may be refused and sent again, and must
/// not land behind later ones.
package struct RecordPublisher: ~Copyable {
  private let client: ClientHandle

  package init(bootstrapServers: String, properties: [String: String] = [:], notices: KafkaNotices)
    throws(FatalFault)
  {
    let configuration = ClientConfiguration()
    try configuration.set("linger.ms", "5")
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
      try configuration.set(name, value)
    }
    try configuration.set("bootstrap.servers", bootstrapServers)
    try configuration.set("enable.idempotence", "true")
    try configuration.set("delivery.report.only.error", "true")
    let observer = ClientObserver(notices: notices)
    observer.attachDeliveryReports(to: configuration.raw)
    observer.attachErrorReports(to: configuration.raw)
    client = try configuration.makeClient(RD_KAFKA_PRODUCER, observer: observer)
  }

  deinit { rd_kafka_purge(client.raw, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT) }

  /// Puts a record into the queue. A nil partition is chosen by the key, a nil key or value is a null.
  package borrowing func publish(
    to topic: String, partition: PartitionIndex? = nil, key: [UInt8]?, value: [UInt8]?,
    headers: [(name: String, value: [UInt8])] = []
  ) throws(FatalFault) {
    let list = rd_kafka_headers_new(headers.count)
    for header in headers {
      rd_kafka_header_add(list, header.name, -1, header.value, header.value.count)
    }
    while true {
      let failure = topic.withCString { topic in
        Self.withBytes(key) { key in
          Self.withBytes(value) { value in
            client.enqueue(topic, partition, key: key, value: value, headers: list)
          }
        }
      }
      guard let failure else { return }
      guard failure.code == .queueFull else {
        rd_kafka_headers_destroy(list)
        throw FatalFault(.configuration, "Kafka took no record for \(topic): \(failure.description).")
      }
      rd_kafka_poll(client.raw, 100)
    }
  }

  /// Waits until all records are delivered.
  package borrowing func flush(timeout: TimeSpan) throws(FatalFault) {
    let code = KafkaCode(rd_kafka_flush(client.raw, Int32(clamping: timeout.milliseconds)))
    if let failure = client.observer.takeDeliveryFailure() {
      throw FatalFault(.configuration, "Kafka refused a record: \(failure.code.sentence).")
    }
    guard code.isSuccess else {
      throw FatalFault(.brokerUnreachable, "Kafka did not take all records in time.")
    }
  }

  private static func withBytes<Result>(
    _ bytes: [UInt8]?, _ use: (UnsafeRawBufferPointer?) -> Result
  ) -> Result {
    guard let bytes else { return use(nil) }
    return bytes.withUnsafeBytes { bytes in
      // An empty text is not a null: it has an address.
      use(
        bytes.baseAddress == nil
          ? UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 8), count: 0) : bytes)
    }
  }
}
