package import BridgeCore

/// A source of records with a consumer group's membership. Nothing here blocks.
package protocol IntakePort: ~Copyable {
  mutating func nextMembershipEvent() -> MembershipEvent?
  /// Answers `assigned`: reads these partitions from these offsets (a subset: the others stay unread).
  mutating func start(_ positions: [ReadPosition])
  /// Answers `revoked` and `lost`.
  mutating func releaseAssignment()
  /// False: `take` would find nothing.
  func mayHaveRecords(_ partition: PartitionIndex) -> Bool
  /// Hands out at most `limit` items of a started partition's queue and says how many there were.
  mutating func take(
    from partition: PartitionIndex, upTo limit: Int, _ visit: (IntakeItem) -> Void
  ) -> Int
  /// When the heartbeat was sent that proves the membership: it was answered, another one followed, and nothing has
  /// happened in the group since. Nil if nothing proves it.
  var provenHeartbeat: MonotonicTime? { get }
  /// Asks to leave the group; a last `revoked` comes unless nothing is owned.
  mutating func leave()
  /// The group was left.
  var hasLeft: Bool { get }
  /// The end of a started partition as far as it is known.
  func endOffset(of partition: PartitionIndex) -> RecordOffset?
  var brokerContact: BrokerContact { get }
}

extension IntakePort where Self: ~Copyable {
  package func endOffset(of partition: PartitionIndex) -> RecordOffset? { nil }
  package var brokerContact: BrokerContact { BrokerContact() }
}
