import BridgeCore
import BridgeRuntime

/// The loop's view of a `SimulatedMember`.
struct SimulatedIntake: IntakePort, ~Copyable {
  private let member: SimulatedMember

  init(_ member: SimulatedMember) { self.member = member }

  mutating func nextMembershipEvent() -> MembershipEvent? { member.nextEvent() }
  mutating func start(_ positions: [ReadPosition]) { member.start(positions) }
  mutating func releaseAssignment() { member.release() }
  func mayHaveRecords(_ partition: PartitionIndex) -> Bool { true }
  mutating func take(from partition: PartitionIndex, upTo limit: Int, _ visit: (IntakeItem) -> Void) -> Int {
    member.take(from: Int(partition), upTo: limit, visit)
  }
  var provenHeartbeat: MonotonicTime? { member.provenHeartbeat }
  mutating func leave() { member.leave() }
  var hasLeft: Bool { member.hasLeft }
}
