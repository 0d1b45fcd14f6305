/// How much of one partition may be open at a time, so that its recovery log always fits beside a committed offset.
package struct RecoveryLogLimits: Sendable, Equatable {
  /// Of a recovery log; what the brokers take beside an offset (`offset.metadata.max.bytes`).
  package let characters: Int
  /// Offsets from the first record without a durable outcome to the last delivered one.
  package let windowOffsets: RecordOffset
  /// Delivered records of one partition without an outcome.
  package let unresolvedPerPartition: Int
  /// Records taken from one partition per turn of the loop.
  package let recordsPerTurn: Int
  /// From so many open records on fewer are taken per turn: between two of them there may be any gap, and the window
  /// is only closed behind a turn. The recovery log has to have room for that.
  package let manyOpenRecords: Int
  package let recordsPerTurnBehindMany: Int

  /// With Kafka's default for `offset.metadata.max.bytes`; more than that changes nothing.
  package static let standard = RecoveryLogLimits(
    share: 1, of: 1, characters: RecoveryLogCodec.characterLimit)
  /// With less, a partition could hardly have more open records than a request has room for.
  package static let characterMinimum = 256

  /// Nil if the brokers take less than `characterMinimum`. What is beside the set of unresolved records does not
  /// shrink; the rest does, all alike.
  package init?(characters: Int) {
    guard characters >= Self.characterMinimum else { return nil }
    guard characters < RecoveryLogCodec.characterLimit else {
      self = .standard
      return
    }
    self.init(
      share: RecoveryLogCodec.setByteRoom(inCharacters: characters),
      of: RecoveryLogCodec.setByteRoom(inCharacters: RecoveryLogCodec.characterLimit), characters: characters)
  }

  private init(share: Int, of whole: Int, characters: Int) {
    self.characters = characters
    windowOffsets = 100_000 * RecordOffset(share) / RecordOffset(whole)
    unresolvedPerPartition = 2_000 * share / whole
    recordsPerTurn = 256 * share / whole
    manyOpenRecords = 500 * share / whole
    recordsPerTurnBehindMany = 32 * share / whole
  }
}
