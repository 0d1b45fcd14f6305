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
    for partition in 0..<Int32(partitionCount) {
      var low: Int64 = 0
      var high: Int64 = 0
      let code = KafkaCode(
        rd_kafka_query_watermark_offsets(
          client.raw, topic, partition, &low, &high, Int32(clamping: timeout.milliseconds)))
      guard code.isSuccess else {
        throw FatalFault(.brokerUnreachable, "The end of \(topic) is not to be had: \(code.sentence).")
      }
      rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = high
    }
    rd_kafka_assign(client.raw, list)
    self.client = consume client
  }

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
