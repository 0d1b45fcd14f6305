/// What a commit says about one partition, beside the committed offset: which records at or above it already have
/// their outcome, and up to where the gateway may have seen records. It travels as metadata of the offset commit,
/// in the same transaction as the outcomes, so both hold or neither.
package struct RecoveryLog: Equatable, Sendable {
  /// Who wrote it.
  package var token: WriterToken
  /// C: every record below has its outcome.
  package var committedOffset: RecordOffset
  /// K: no record at or above was ever handed to the gateway, by anybody. Never below C.
  package var ceiling: RecordOffset
  /// The highest record at or above C that has its outcome; nil if none has.
  package var highestPublished: RecordOffset?
  /// Delivered records from C up to `highestPublished` that have no outcome yet, ascending. Every other offset in
  /// that range counts as published: gaps cost nothing.
  package var unresolved: [RecordOffset]
  /// Partitions the topic had when the group first started: later ones start at their beginning.
  package var firstPartitionCount: Int32
  /// Changes with whatever decides whether an event is valid.
  package var validityFingerprint: UInt32

  package init(
    token: WriterToken, committedOffset: RecordOffset, ceiling: RecordOffset,
    highestPublished: RecordOffset? = nil, unresolved: [RecordOffset] = [], firstPartitionCount: Int32 = 0,
    validityFingerprint: UInt32 = 0
  ) {
    self.token = token
    self.committedOffset = committedOffset
    self.ceiling = max(ceiling, committedOffset)
    self.highestPublished = highestPublished
    self.unresolved = unresolved
    self.firstPartitionCount = firstPartitionCount
    self.validityFingerprint = validityFingerprint
  }

  /// P: whether a record at or above C has its outcome.
  package func isPublished(_ offset: RecordOffset) -> Bool {
    guard let highestPublished, offset >= committedOffset, offset <= highestPublished else { return false }
    var low = 0
    var high = unresolved.count
    while low < high {
      let middle = (low + high) / 2
      if unresolved[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low == unresolved.count || unresolved[low] != offset
  }
}
