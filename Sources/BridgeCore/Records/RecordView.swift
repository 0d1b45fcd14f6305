/// Index of a partition; the same for the input and the result topic.
package typealias PartitionIndex = Int32

/// Offset of a record in its partition.
package typealias RecordOffset = Int64

/// Counts the assignments of this process: work of an older epoch changes nothing.
package struct Epoch: Hashable, Comparable, Sendable {
  package var number: UInt32
  package init(_ number: UInt32) { self.number = number }
  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// One record as the consumer hands it out. Every pointer is valid only inside the closure that received the view.
package struct RecordView {
  package var partition: PartitionIndex
  package var offset: RecordOffset
  /// Nil when Kafka has none for the record.
  package var timestamp: WallTime?
  /// Nil for a null key.
  package var key: UnsafeRawBufferPointer?
  /// Nil for a null value (a tombstone).
  package var value: UnsafeRawBufferPointer?
  /// In the record's order; usually empty.
  package var headers: [HeaderView]

  package init(
    partition: PartitionIndex, offset: RecordOffset, timestamp: WallTime?,
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [HeaderView] = []
  ) {
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// One header of a record; names may repeat.
package struct HeaderView {
  package var name: UnsafeRawBufferPointer
  package var value: UnsafeRawBufferPointer?
  package init(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
    self.name = name
    self.value = value
  }
}

/// The conversation a record belongs to inside its partition: a 64-bit hash of the lane's bytes. Two conversations
/// that happen to share a hash are only kept in one common order.
package struct LaneKey: Hashable, Sendable {
  package var hash: UInt64
  package init(hash: UInt64) { self.hash = hash }
}

/// Names the slot of one unresolved record; the generation tells a reused slot from the one that was meant.
package struct Ticket: Hashable, Sendable {
  package var index: Int32
  package var generation: UInt32
  package init(index: Int32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}
