/// Tells two writers of the same recovery log apart: 4 random bytes per process start, then a commit counter.
package struct WriterToken: Hashable, Sendable {
  package var process: UInt32
  package var counter: UInt32
  package init(process: UInt32, counter: UInt32) {
    self.process = process
    self.counter = counter
  }
}

/// One encoded outcome inside a batch; the ranges point into `CommitBatch.bytes`.
package struct OutcomeEntry: Sendable {
  /// Of the source record and of the outcome alike.
  package var partition: PartitionIndex
  package var epoch: Epoch
  /// Of the source record.
  package var offset: RecordOffset
  /// Absent for a null key.
  package var key: TextRange
  package var value: TextRange
  /// A `HeaderBlock`, without `bridge_batch`: the committer adds the batch's token.
  package var headers: TextRange
  /// It has the short form that is published when Kafka has refused the full one.
  package var isMinimal = false
  /// Where the core's ledger keeps the record; for nobody else.
  package var ledgerEntry: Int32 = -1

  package init(
    partition: PartitionIndex, epoch: Epoch, offset: RecordOffset, key: TextRange, value: TextRange,
    headers: TextRange
  ) {
    self.partition = partition
    self.epoch = epoch
    self.offset = offset
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// What a batch commits for one input partition.
package struct PartitionCommit: Sendable {
  package var partition: PartitionIndex
  package var epoch: Epoch
  /// C; never negative.
  package var committedOffset: RecordOffset
  /// The recovery log, base64url.
  package var metadata: [UInt8]
  /// The token of this partition's recovery log as it was last known to be committed; nil before the first.
  package var previousToken: WriterToken?

  package init(
    partition: PartitionIndex, epoch: Epoch, committedOffset: RecordOffset, metadata: [UInt8],
    previousToken: WriterToken?
  ) {
    precondition(committedOffset >= 0, "Kafka takes a list without a valid offset silently")
    self.partition = partition
    self.epoch = epoch
    self.committedOffset = committedOffset
    self.metadata = metadata
    self.previousToken = previousToken
  }
}

/// One transaction: outcomes and the recovery log of every partition they touch.
package struct CommitBatch: Sendable {
  package var token: WriterToken
  package var partitions: [PartitionCommit]
  /// In completion order.
  package var outcomes: [OutcomeEntry]
  package var bytes: [UInt8]

  package init(
    token: WriterToken, partitions: [PartitionCommit], outcomes: [OutcomeEntry] = [], bytes: [UInt8] = []
  ) {
    self.token = token
    self.partitions = partitions
    self.outcomes = outcomes
    self.bytes = bytes
  }
}

/// What became of one partition's part of a batch.
package enum CommitResult: Sendable, Equatable {
  case committed
  /// Certainly not: the outcomes go into the next batch.
  case notCommitted
  /// Somebody else has written the partition's recovery log: treat it as lost.
  case takenOver
}

/// The committer's answer to a batch; the batch comes back so that its outcomes can be used again.
package struct CommitAnswer: Sendable {
  package var batch: CommitBatch
  /// Parallel to `batch.partitions`.
  package var results: [CommitResult]
  /// Why it was not committed, for people; nil if all was.
  package var fault: String?
  /// Index of the outcome that Kafka does not want as it is, if that was why; nothing of the batch is committed then.
  package var refusedOutcome: Int?

  package init(
    batch: CommitBatch, results: [CommitResult], fault: String? = nil, refusedOutcome: Int? = nil
  ) {
    precondition(results.count == batch.partitions.count, "one result per partition")
    self.batch = batch
    self.results = results
    self.fault = fault
    self.refusedOutcome = refusedOutcome
  }
}
