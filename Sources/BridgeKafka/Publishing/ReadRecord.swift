package import BridgeCore
import CRdKafka

/// A record that a reader hands out. It and what it points to are valid inside the visit only.
package struct ReadRecord {
  package let partition: PartitionIndex
  package let offset: RecordOffset
  /// Empty for a null.
  package let value: UnsafeRawBufferPointer
  /// Nil when Kafka has none for the record.
  package let timestamp: WallTime?
  private let headers: OpaquePointer?

  init(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
    partition = message.pointee.partition
    offset = message.pointee.offset
    value = UnsafeRawBufferPointer(
      start: message.pointee.payload, count: message.pointee.payload == nil ? 0 : message.pointee.len)
    var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let time = rd_kafka_message_timestamp(message, &kind)
    timestamp = kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : WallTime(milliseconds: time)
    var headers: OpaquePointer?
    let code = KafkaCode(rd_kafka_message_headers(message, &headers))
    self.headers = code.isSuccess ? headers : nil
  }

  /// The last header of that name; nil if there is none, or it is a null.
  package func header(_ name: String) -> UnsafeRawBufferPointer? {
    guard let headers else { return nil }
    var value: UnsafeRawPointer?
    var size = 0
    guard KafkaCode(rd_kafka_header_get_last(headers, name, &value, &size)).isSuccess, let value else {
      return nil
    }
    return UnsafeRawBufferPointer(start: value, count: size)
  }
}
