import BridgeCore
import CRdKafka

extension ClientHandle {
  /// Puts a record into a producer's queue; key and value are copied, and null if nil. A nil partition is chosen by the
  /// key. `headers` are the library's if it succeeds.
  borrowing func enqueue(
    _ topic: UnsafePointer<CChar>, _ partition: PartitionIndex? = nil, key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?, headers: OpaquePointer? = nil
  ) -> KafkaFailure? {
    withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 6) { items -> KafkaFailure? in
      items.initialize(repeating: rd_kafka_vu_t())
      items[0].vtype = RD_KAFKA_VTYPE_TOPIC
      items[0].u.cstr = topic
      items[1].vtype = RD_KAFKA_VTYPE_PARTITION
      items[1].u.i32 = partition ?? RD_KAFKA_PARTITION_UA
      items[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
      items[2].u.i = RD_KAFKA_MSG_F_COPY
      items[3].vtype = RD_KAFKA_VTYPE_KEY
      items[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: key?.baseAddress)
      items[3].u.mem.size = key?.count ?? 0
      items[4].vtype = RD_KAFKA_VTYPE_VALUE
      items[4].u.mem.ptr = UnsafeMutableRawPointer(mutating: value?.baseAddress)
      items[4].u.mem.size = value?.count ?? 0
      var count = 5
      if let headers {
        items[5].vtype = RD_KAFKA_VTYPE_HEADERS
        items[5].u.headers = headers
        count = 6
      }
      return KafkaFailure(consuming: rd_kafka_produceva(raw, items.baseAddress, count))
    }
  }
}
