import BridgeCore
import Testing

@testable import BridgeKafka

@Suite(.enabled(if: TestCluster.realBootstrap != nil, "KAFKA_BOOTSTRAP is not set"))
struct RecoveryTakesLongTests {
  /// Nothing is started for 40 s, more than a session and more than a transaction time-out.
  @Test func theMembershipOutlastsIt() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    try cluster.publish(10, to: 0)
    var member = try Member(cluster.settings())
    let (_, epoch) = try member.nextAssignment()
    let end = MonotonicTime.now + .seconds(40)
    while MonotonicTime.now < end {
      let event = member.intake.nextMembershipEvent()
      #expect(event == nil)
      _ = member.isWoken(within: .milliseconds(500))
    }
    #expect(member.membership.credentials(for: epoch) != nil)
    member.intake.start([ReadPosition(partition: 0, offset: 0)])
    let items = try member.take(from: 0) { $0.hasEnd }
    #expect(items.offsets == Array(0..<10))
    try member.leaveGroup()
  }
}
