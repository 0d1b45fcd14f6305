package import BridgeCore
import CRdKafka

/// Writes into the status topic as well as it goes: nothing waits for it, and what does not fit or is not taken in time
/// is dropped and counted.
package struct StatusPublisher: ~Copyable {
  /// Records that wait for Kafka.
  package static let waitingLimit = 64
  /// Older ones are of no interest.
  private static let recordLifeMilliseconds = 20_000

  private let client: ClientHandle
  private let topic: String
  private var refusedCount = 0

  package init(_ settings: KafkaSettings, topic: String) throws(FatalFault) {
    let configuration = ClientConfiguration()
    // What the client says about brokers that are gone is said by the others already.
    let observer = ClientObserver(notices: KafkaNotices())
    try configuration.set("client.id", "lippi-bridge-status")
    try configuration.set("linger.ms", "5")
    for (name, value) in settings.properties.sorted(by: { $0.key < $1.key }) {
      try configuration.set(name, value)
    }
    try configuration.set("bootstrap.servers", settings.bootstrapServers)
    try configuration.set("queue.buffering.max.messages", "\(Self.waitingLimit)")
    try configuration.set("message.timeout.ms", "\(Self.recordLifeMilliseconds)")
    try configuration.set("delivery.report.only.error", "true")
    observer.attachDeliveryReports(to: configuration.raw)
    observer.attachErrorReports(to: configuration.raw)
    client = try configuration.makeClient(RD_KAFKA_PRODUCER, observer: observer)
    self.topic = topic
  }

  deinit { rd_kafka_purge(client.raw, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT) }

  /// Never waits.
  package mutating func publish(key: [UInt8], value: [UInt8]) {
    let failure = topic.withCString { topic in
      key.withUnsafeBytes { key in
        value.withUnsafeBytes { value in client.enqueue(topic, key: key, value: value) }
      }
    }
    if failure != nil { refusedCount += 1 }
  }

  /// Serves delivery reports; says how many records were dropped so far.
  package borrowing func serve() -> Int {
    rd_kafka_poll(client.raw, 0)
    return refusedCount + client.observer.failedDeliveryCount
  }

  package borrowing func flush(atMost span: TimeSpan) {
    rd_kafka_flush(client.raw, Int32(clamping: span.milliseconds))
  }
}
