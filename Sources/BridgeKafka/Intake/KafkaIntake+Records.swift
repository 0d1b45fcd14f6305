package import BridgeCore
import CRdKafka
import Glibc

extension KafkaIntake {
  /// Hands out at most `limit` items of a started partition's queue and says how many there were.
  package mutating func take(
    from partition: PartitionIndex, upTo limit: Int, _ visit: (IntakeItem) -> Void
  ) -> Int {
    guard let place = queues.place(of: partition), place.pointee.isStarted,
      place.pointee.mayHaveRecords, let queue = place.pointee.queue
    else { return 0 }
    var count = 0
    while count < limit {
      guard let event = rd_kafka_queue_poll(queue, 0) else {
        // What comes from now on raises the signal again.
        place.pointee.mayHaveRecords = false
        break
      }
      defer { rd_kafka_event_destroy(event) }
      switch rd_kafka_event_type(event) {
      case RD_KAFKA_EVENT_FETCH:
        guard let message = rd_kafka_event_message_next(event) else { continue }
        place.pointee.nextOffset = message.pointee.offset + 1
        visit(.record(Self.view(of: message)))
        count += 1
      case RD_KAFKA_EVENT_ERROR:
        guard KafkaCode(rd_kafka_event_error(event)) == .endOfPartition else {
          partitionFailed(partition, event)
          continue
        }
        guard let entry = rd_kafka_event_topic_partition(event) else { continue }
        defer { rd_kafka_topic_partition_destroy(entry) }
        let offset = entry.pointee.offset
        // Behind transaction markers and compacted records the end is further than the last record.
        place.pointee.nextOffset = max(place.pointee.nextOffset, offset)
        visit(.endOfPartition(offset: offset))
        count += 1
      default: continue
      }
    }
    return count
  }

  /// Everything in the view points into the message, which lives as long as its event.
  @inline(__always)
  private static func view(of message: UnsafePointer<rd_kafka_message_t>) -> RecordView {
    var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let time = rd_kafka_message_timestamp(message, &kind)
    return RecordView(
      partition: message.pointee.partition, offset: message.pointee.offset,
      timestamp: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : WallTime(milliseconds: time),
      key: message.pointee.key.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len) },
      value: message.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.len) },
      headers: headers(of: message))
  }

  @inline(__always)
  private static func headers(of message: UnsafePointer<rd_kafka_message_t>) -> [HeaderView] {
    var headers: OpaquePointer?
    guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
      return []
    }
    var views: [HeaderView] = []
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var count = 0
    while rd_kafka_header_get_all(headers, views.count, &name, &value, &count)
      == RD_KAFKA_RESP_ERR_NO_ERROR
    {
      guard let name else { break }
      views.append(
        HeaderView(
          name: UnsafeRawBufferPointer(start: name, count: strlen(name)),
          value: value.map { UnsafeRawBufferPointer(start: $0, count: count) }))
    }
    return views
  }

  private mutating func partitionFailed(_ partition: PartitionIndex, _ event: OpaquePointer) {
    let code = KafkaCode(rd_kafka_event_error(event))
    let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
    guard code == .outOfRange else {
      notices.post(
        KafkaNotice(
          .warning, "reading a partition failed", code: code.name, partition: partition, detail: text))
      return
    }
    // Retention has passed the position, or the log was cut. What that means is decided where a partition starts.
    notices.post(
      KafkaNotice(
        .error, "the read position is not in the log any more", code: code.name, partition: partition,
        detail: text))
    rejoin(.afterDraining)
  }
}
