import BridgeCore
import CRdKafka
import Testing

@testable import BridgeKafka

/// Kafka takes offsets from nobody in particular without a check: nothing is ever committed so.
@Suite(.serialized) struct MembershipIsCapturedTests {
  /// Before the group is joined the generation is −1, and the member id is empty.
  @Test(arguments: Backend.available)
  func whoHasNotJoinedHasNoCredentials(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    let settings = cluster.settings()
    let client = try settings.makeConsumer(
      ReadAhead(partitionCount: 1), observer: ClientObserver(notices: KafkaNotices()))
    #expect(GroupCredentials.capture(from: client, groupID: settings.groupID, instance: nil) == nil)
  }

  /// A member that has left has an id, or had one, and no generation.
  @Test(arguments: Backend.available)
  func whoHasLeftHasNoneEither(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    let settings = cluster.settings()
    var member = try Member(settings)
    let (_, epoch) = try member.nextAssignment()
    #expect(member.membership.credentials(for: epoch) != nil)
    try member.leaveGroup()
    let captured = GroupCredentials.capture(
      from: member.intake.client, groupID: settings.groupID, instance: nil)
    #expect(captured == nil)
  }

  /// What is captured as a member differs from what an outsider would commit with; the committer refuses a batch of an
  /// epoch without credentials and sends nothing.
  @Test(arguments: Backend.available)
  func withoutCredentialsNothingIsCommitted(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings(backend == .kafka ? .exactlyOnce : .atLeastOnce))
    let (_, epoch) = try worker.member.nextAssignment()
    let outsider = try #require(GroupCredentials.outsider(of: cluster.settings().groupID))
    #expect(worker.member.membership.credentials(for: epoch) != outsider)
    worker.member.membership.renew(epoch: epoch, credentials: nil)
    let answer = try worker.commit(.test(1, epoch: epoch, committing: 3))
    #expect(answer.results == [.notCommitted])
    let found = try worker.recover([0], epoch)
    #expect(found.map(\.committedOffset) == [nil])
    let isStopped = worker.stop()
    #expect(isStopped)
  }
}
