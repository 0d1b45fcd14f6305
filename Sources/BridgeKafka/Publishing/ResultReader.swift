package import BridgeCore
import CRdKafka

/// Reads a topic from its present end on, without a group: what is written from now on, as a read_committed reader
/// sees it.
package struct ResultReader: ~Copyable {
  private let client: ClientHandle

  package init(topic: String, partitionCount: Int, bootstrapServers: String, timeout: TimeSpan)
    throws(FatalFault)
  {
    let configuration = ClientConfiguration()
    for (name, value) in [
      ("bootstrap.servers", bootstrapServers), ("group.id", "lippi-bridge-reader"),
      ("enable.auto.commit", "false"),
      ("isolation.level", "read_committed"), ("fetch.wait.max.ms", "50"),
    ] { try configuration.set(name, value) }
    let client = try configuration.makeClient(
      RD_KAFKA_CONSUMER, observer: ClientObserver(notices: KafkaNotices()))
    let list = rd_kafka_topic_partition_list_new(Int32(partitionCount))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    let deadline = MonotonicTime.now + timeout
    for partition in 0..<Int32(partitionCount) {
      rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset =
        try Self.end(of: topic, partition, client, before: deadline)
    }
    rd_kafka_assign(client.raw, list)
    self.client = consume client
  }

  /// A topic that was just made is not known everywhere at once: asked until the deadline.
  private static func end(
    of topic: String, _ partition: PartitionIndex, _ client: borrowing ClientHandle,
    before deadline: MonotonicTime
  ) throws(FatalFault) -> RecordOffset {
    var low: Int64 = 0
    var high: Int64 = 0
    while true {
      let code = KafkaCode(
        rd_kafka_query_watermark_offsets(client.raw, topic, partition, &low, &high, askMilliseconds))
      if code.isSuccess { return high }
      guard MonotonicTime.now < deadline else {
        throw FatalFault(.brokerUnreachable, "The end of \(topic) is not to be had: \(code.sentence).")
      }
      rd_kafka_poll(client.raw, pauseMilliseconds)
    }
  }

  private static let askMilliseconds: Int32 = 2_000
  private static let pauseMilliseconds: Int32 = 100

  /// Waits for the next record, at most `span`; its value is valid inside `visit` only.
  package borrowing func next(within span: TimeSpan, _ visit: (UnsafeRawBufferPointer) -> Void) -> Bool {
    guard let message = rd_kafka_consumer_poll(client.raw, Int32(clamping: span.milliseconds)) else {
      return false
    }
    defer { rd_kafka_message_destroy(message) }
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR, let value = message.pointee.payload else {
      return false
    }
    visit(UnsafeRawBufferPointer(start: value, count: message.pointee.len))
    return true
  }
}
