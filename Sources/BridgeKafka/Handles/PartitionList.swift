import BridgeCore
import CRdKafka

/// A list of partitions of one topic, each with an offset and metadata.
struct PartitionList: ~Copyable {
  let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  init(room: Int = 8) { raw = rd_kafka_topic_partition_list_new(Int32(clamping: room)) }

  init(topic: String, _ partitions: [PartitionIndex], offset: RecordOffset) {
    self.init(room: partitions.count)
    for partition in partitions { add(topic: topic, partition, offset: offset) }
  }

  init(topic: String, _ commits: [PartitionCommit]) {
    self.init(room: commits.count)
    for commit in commits {
      add(topic: topic, commit.partition, offset: commit.committedOffset, metadata: commit.metadata)
    }
  }

  deinit { rd_kafka_topic_partition_list_destroy(raw) }

  borrowing func add(
    topic: String, _ partition: PartitionIndex, offset: RecordOffset, metadata: [UInt8] = []
  ) {
    guard let entry = rd_kafka_topic_partition_list_add(raw, topic, partition) else { return }
    entry.pointee.offset = offset
    guard !metadata.isEmpty else { return }
    // The list frees it with the library's allocator; the terminator is for readers that expect one.
    guard let copy = rd_kafka_mem_calloc(nil, 1, metadata.count + 1) else { return }
    metadata.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    entry.pointee.metadata = copy
    entry.pointee.metadata_size = metadata.count
  }

  var count: Int { Int(raw.pointee.cnt) }

  borrowing func partition(at index: Int) -> PartitionIndex { raw.pointee.elems[index].partition }
  borrowing func offset(at index: Int) -> RecordOffset { raw.pointee.elems[index].offset }
  borrowing func code(at index: Int) -> KafkaCode { KafkaCode(raw.pointee.elems[index].err) }

  /// Copied by its size: what a broker returned is not terminated.
  borrowing func metadata(at index: Int) -> [UInt8] {
    let entry = raw.pointee.elems[index]
    guard let metadata = entry.metadata else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: metadata, count: entry.metadata_size))
  }

  borrowing func index(of partition: PartitionIndex) -> Int? {
    (0..<count).first { raw.pointee.elems[$0].partition == partition }
  }

  /// The first partition's error, if any has one.
  borrowing func firstFailure() -> KafkaCode? {
    (0..<count).lazy.map { [raw] in KafkaCode(raw.pointee.elems[$0].err) }.first { !$0.isSuccess }
  }

  /// The partitions in a list that somebody else owns.
  static func indices(
    in list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) -> [PartitionIndex] {
    guard let list else { return [] }
    return (0..<Int(list.pointee.cnt)).map { list.pointee.elems[$0].partition }
  }
}
