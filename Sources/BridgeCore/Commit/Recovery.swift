/// What a look into a result partition found of the group's own outcomes. It is only taken where nothing is committed.
package enum EarlierOutcomes: Sendable, Equatable, CaseIterable {
  /// None, or it was not looked.
  case none
  case found
  /// It could not be read in time.
  case unread
  /// The result topic has no such partition.
  case partitionMissing
}

/// What Kafka knows of one input partition when it is assigned: the committed offset and the log's bounds.
package struct RecoveredPartition: Sendable, Equatable {
  package var partition: PartitionIndex
  /// Nil if nothing is committed.
  package var committedOffset: RecordOffset?
  /// The recovery log as committed, base64url; empty if there is none.
  package var metadata: [UInt8]
  /// First offset still in the log.
  package var logStart: RecordOffset
  /// Offset behind the last record that a read_committed reader may see.
  package var logEnd: RecordOffset
  /// Where `input.start` points to; nil if it is not configured.
  package var startPosition: RecordOffset?
  package var earlierOutcomes = EarlierOutcomes.none

  package init(
    partition: PartitionIndex, committedOffset: RecordOffset?, metadata: [UInt8], logStart: RecordOffset,
    logEnd: RecordOffset, startPosition: RecordOffset?
  ) {
    self.partition = partition
    self.committedOffset = committedOffset
    self.metadata = metadata
    self.logStart = logStart
    self.logEnd = logEnd
    self.startPosition = startPosition
  }
}

/// Answer to the question what is committed for the partitions of an assignment.
package struct RecoveryAnswer: Sendable {
  package var epoch: Epoch
  package var partitions: [RecoveredPartition]

  package init(epoch: Epoch, partitions: [RecoveredPartition]) {
    self.epoch = epoch
    self.partitions = partitions
  }
}
