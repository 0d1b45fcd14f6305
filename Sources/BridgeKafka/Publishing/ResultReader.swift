package import BridgeCore
import CRdKafka
import Glibc

/// Reads a topic from its present end on, without a group: what is written from now on, as a read_committed reader
/// sees it.
package struct ResultReader: ~Copyable {
  private static let askMilliseconds: Int32 = 2_000
  private static let pauseMilliseconds: Int32 = 100

  private let client: ClientHandle
  private let topic: String
  /// Where the reader last stood at the end of each partition, marks of transactions included.
  private var reachedEnds: [RecordOffset]

  /// All partitions that the topic has now. `timeout`: for brokers, topic and leaders to be there.
  package init(topic: String, bootstrapServers: String, timeout: TimeSpan) throws(FatalFault) {
    let configuration = ClientConfiguration()
    for (name, value) in [
      ("bootstrap.servers", bootstrapServers), ("group.id", "lippi-bridge-reader"),
      ("enable.auto.commit", "false"), ("enable.partition.eof", "true"),
      ("isolation.level", "read_committed"), ("fetch.wait.max.ms", "50"),
    ] { try configuration.set(name, value) }
    let client = try configuration.makeClient(
      RD_KAFKA_CONSUMER, observer: ClientObserver(notices: KafkaNotices()))
    let deadline = MonotonicTime.now + timeout
    let partitionCount = try Self.partitionCount(of: topic, client, before: deadline)
    let ends = try Self.ends(of: topic, partitionCount, client, before: deadline)
    let list = rd_kafka_topic_partition_list_new(Int32(partitionCount))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for (partition, end) in ends.enumerated() {
      rd_kafka_topic_partition_list_add(list, topic, Int32(partition)).pointee.offset = end
    }
    rd_kafka_assign(client.raw, list)
    self.client = consume client
    self.topic = topic
    reachedEnds = ends
  }

  /// Waits for the next record, at most `span`. False if none came, or one without a value.
  package mutating func next(within span: TimeSpan, _ visit: (ReadRecord) -> Void) -> Bool {
    guard let message = rd_kafka_consumer_poll(client.raw, Int32(clamping: span.milliseconds)) else {
      return false
    }
    defer { rd_kafka_message_destroy(message) }
    let code = KafkaCode(message.pointee.err)
    if code == .endOfPartition { reachedEnds[Int(message.pointee.partition)] = message.pointee.offset }
    guard code.isSuccess, let value = message.pointee.payload else { return false }
    visit(ReadRecord(UnsafeRawBufferPointer(start: value, count: message.pointee.len), message))
    return true
  }

  /// Reads everything that is in the topic now. False if that was not possible in time.
  package mutating func readToPresentEnd(within span: TimeSpan, _ visit: (ReadRecord) -> Void) -> Bool {
    let deadline = MonotonicTime.now + span
    let ends: [RecordOffset]
    do throws(FatalFault) {
      ends = try Self.ends(of: topic, reachedEnds.count, client, before: deadline)
    } catch {
      return false
    }
    while zip(reachedEnds, ends).contains(where: { $0 < $1 }) {
      guard MonotonicTime.now < deadline else { return false }
      _ = next(within: .milliseconds(Int64(Self.pauseMilliseconds)), visit)
    }
    return true
  }

  // MARK: Asking brokers. A topic that was just made is not known everywhere at once: asked until the deadline.

  private static func partitionCount(
    of topic: String, _ client: borrowing ClientHandle, before deadline: MonotonicTime
  ) throws(FatalFault) -> Int {
    guard let handle = rd_kafka_topic_new(client.raw, topic, nil) else {
      throw FatalFault(.configuration, "Topic name \(topic) was refused.")
    }
    defer { rd_kafka_topic_destroy(handle) }
    while true {
      var answer: UnsafePointer<rd_kafka_metadata>?
      var code = KafkaCode(rd_kafka_metadata(client.raw, 0, handle, &answer, askMilliseconds))
      if let answer {
        defer { rd_kafka_metadata_destroy(answer) }
        if code.isSuccess, answer.pointee.topic_cnt > 0 {
          let found = answer.pointee.topics[0]
          code = KafkaCode(found.err)
          if code.isSuccess, found.partition_cnt > 0 { return Int(found.partition_cnt) }
        }
      }
      try pause(client, code, "Topic \(topic) cannot be described", before: deadline)
    }
  }

  private static func ends(
    of topic: String, _ partitionCount: Int, _ client: borrowing ClientHandle, before deadline: MonotonicTime
  ) throws(FatalFault) -> [RecordOffset] {
    var ends: [RecordOffset] = []
    while ends.count < partitionCount {
      var low: Int64 = 0
      var high: Int64 = 0
      let code = KafkaCode(
        rd_kafka_query_watermark_offsets(
          client.raw, topic, Int32(ends.count), &low, &high, askMilliseconds))
      if code.isSuccess {
        ends.append(high)
      } else {
        try pause(client, code, "The end of \(topic) is not to be had", before: deadline)
      }
    }
    return ends
  }

  /// Before the same thing is asked again.
  private static func pause(
    _ client: borrowing ClientHandle, _ code: KafkaCode, _ sentence: String, before deadline: MonotonicTime
  ) throws(FatalFault) {
    guard MonotonicTime.now < deadline else {
      throw FatalFault(
        code.isAccessRefusal ? .accessDenied : .brokerUnreachable, "\(sentence): \(code.sentence).")
    }
    usleep(useconds_t(pauseMilliseconds) * 1_000)
  }
}
