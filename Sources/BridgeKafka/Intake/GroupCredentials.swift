import CRdKafka

/// Reads as whom the consumer may commit.
enum GroupCredentials {
  /// The serialised group metadata, or nil if Kafka would accept it without a check: no member id, or a generation
  /// below 0. There is no getter for the generation; two serialisations of one process are compared instead.
  static func capture(from client: borrowing ClientHandle, groupID: String, instance: String?) -> [UInt8]? {
    guard let memberID = memberID(of: client), !memberID.isEmpty,
      let metadata = rd_kafka_consumer_group_metadata(client.raw)
    else { return nil }
    defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
    guard let captured = bytes(of: metadata), let outsider = outsider(groupID, memberID, instance),
      captured != outsider
    else { return nil }
    return captured
  }

  /// Of somebody who is no member: Kafka accepts a transaction's offsets from it without a check of who owns what.
  static func outsider(of groupID: String) -> [UInt8]? {
    guard let metadata = rd_kafka_consumer_group_metadata_new(groupID) else { return nil }
    defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
    return bytes(of: metadata)
  }

  /// What a member without a generation serialises to.
  private static func outsider(_ groupID: String, _ memberID: String, _ instance: String?) -> [UInt8]? {
    let metadata: OpaquePointer?
    if let instance {
      metadata = rd_kafka_consumer_group_metadata_new_with_genid(groupID, -1, memberID, instance)
    } else {
      metadata = rd_kafka_consumer_group_metadata_new_with_genid(groupID, -1, memberID, nil)
    }
    guard let metadata else { return nil }
    defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
    return bytes(of: metadata)
  }

  private static func memberID(of client: borrowing ClientHandle) -> String? {
    guard let text = rd_kafka_memberid(client.raw) else { return nil }
    defer { rd_kafka_mem_free(client.raw, text) }
    return String(cString: text)
  }

  private static func bytes(of metadata: OpaquePointer) -> [UInt8]? {
    var start: UnsafeMutableRawPointer?
    var count = 0
    guard KafkaFailure(consuming: rd_kafka_consumer_group_metadata_write(metadata, &start, &count)) == nil,
      let start
    else { return nil }
    defer { rd_kafka_mem_free(nil, start) }
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Calls `use` with the metadata that `credentials` stands for; nil if they cannot be read.
  static func withMetadata<Result>(
    of credentials: [UInt8], _ use: (OpaquePointer) -> Result
  ) -> Result? {
    var metadata: OpaquePointer?
    let failure = credentials.withUnsafeBytes { bytes in
      KafkaFailure(
        consuming: rd_kafka_consumer_group_metadata_read(&metadata, bytes.baseAddress, bytes.count))
    }
    guard failure == nil, let metadata else { return nil }
    defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
    return use(metadata)
  }
}
