import BridgeCore
import Testing

@testable import BridgeKafka

@Suite(.serialized) struct MembershipChangesTests {
  @Test(arguments: Backend.available)
  func leavingRevokesFirst(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 2)
    var member = try Member(cluster.settings())
    let (partitions, epoch) = try member.nextAssignment()
    member.intake.start(partitions.map { ReadPosition(partition: $0, offset: 0) })
    #expect(member.membership.credentials(for: epoch) != nil)
    member.intake.leave()
    guard case .revoked(let revoked) = try member.nextEvent() else {
      Issue.record("a revocation comes before the group is left")
      return
    }
    #expect(revoked.sorted() == partitions)
    let hasLeft = member.intake.hasLeft
    #expect(!hasLeft)
    #expect(member.membership.credentials(for: epoch) != nil, "the last batch is committed now")
    member.intake.releaseAssignment()
    try member.leaveGroup()
  }

  @Test(arguments: Backend.available)
  func leavingWithoutAnAssignmentEnds(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    var member = try Member(cluster.settings(), subscribes: false)
    try member.leaveGroup()
  }

  /// Recovery may take long; a revocation that comes meanwhile must be seen, and must not be overrun by the start.
  @Test(arguments: Backend.available)
  func aRevocationIsSeenBeforeTheAssignmentIsStarted(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 4)
    try cluster.publish(10, to: 0)
    var first = try Member(cluster.settings(instance: "a"))
    let (all, firstEpoch) = try first.nextAssignment()
    #expect(all == [0, 1, 2, 3])

    var second = try Member(cluster.settings(instance: "b"))
    var firstShare: [PartitionIndex] = []
    var secondShare: [PartitionIndex] = []
    let deadline = MonotonicTime.now + Member.patience
    var wasRevoked = false
    while firstShare.count != 2 || secondShare.count != 2 {
      try #require(MonotonicTime.now < deadline)
      switch first.intake.nextMembershipEvent() {
      case .assigned(let share, let epoch):
        firstShare = share
        #expect(epoch > firstEpoch)
      case .revoked:
        wasRevoked = true
        // The committed state of the old assignment arrives now: too late.
        first.intake.start(all.map { ReadPosition(partition: $0, offset: 0) })
        first.intake.releaseAssignment()
        let reads = first.intake.mayHaveRecords(0)
        #expect(!reads)
      case .lost, .failed: Issue.record("nothing was lost")
      case nil: break
      }
      switch second.intake.nextMembershipEvent() {
      case .assigned(let share, _): secondShare = share
      case .revoked, .lost: second.intake.releaseAssignment()
      case .failed: Issue.record("nothing failed")
      case nil: _ = first.isWoken(within: .milliseconds(20))
      }
    }
    #expect(wasRevoked)
    #expect((firstShare + secondShare).sorted() == all)
    first.intake.start(firstShare.map { ReadPosition(partition: $0, offset: 0) })
    second.intake.start(secondShare.map { ReadPosition(partition: $0, offset: 0) })
    let items =
      firstShare.contains(0)
      ? try first.take(from: 0) { $0.hasEnd } : try second.take(from: 0) { $0.hasEnd }
    #expect(items.offsets == Array(0..<10))
  }

  /// Where a client stands when it is destroyed without more ado.
  enum LastMoment: CaseIterable, Sendable {
    case neverSubscribed, joining, assignmentUnseen, assigned, reading, revocationUnseen, revocationUnanswered
  }

  @Test(arguments: LastMoment.allCases)
  func theClientGoesInEveryState(_ moment: LastMoment) throws {
    let cluster = try TestCluster(.mock)
    try cluster.createTopics(inputPartitions: 2)
    try cluster.publish(1_000, to: 0)
    let begunAt: MonotonicTime
    do {
      var member = try Member(cluster.settings(), subscribes: moment != .neverSubscribed)
      switch moment {
      case .neverSubscribed, .joining: break
      case .assignmentUnseen: _ = member.isWoken(within: .seconds(10))
      case .assigned: _ = try member.nextAssignment()
      case .reading, .revocationUnseen, .revocationUnanswered:
        _ = try member.nextAssignment()
        member.intake.start([ReadPosition(partition: 0, offset: 0)])
        _ = try member.take(from: 0) { $0.count >= 14 }
        if moment != .reading { member.intake.leave() }
        if moment == .revocationUnanswered { _ = try member.nextEvent() }
      }
      begunAt = .now
    }
    #expect(MonotonicTime.now - begunAt < .seconds(10))
  }

  @Test(arguments: Backend.available)
  func heartbeatsProveTheMembership(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    var member = try Member(cluster.settings())
    _ = try member.nextAssignment()
    let assignedAt = MonotonicTime.now
    member.intake.start([ReadPosition(partition: 0, offset: 0)])
    let deadline = MonotonicTime.now + Member.patience
    var found: MonotonicTime?
    while found == nil {
      try #require(MonotonicTime.now < deadline)
      _ = member.intake.nextMembershipEvent()
      _ = member.intake.take(from: 0, upTo: 10) { _ in }
      _ = member.isWoken(within: .milliseconds(100))
      found = member.intake.provenHeartbeat
    }
    let proven = try #require(found)
    #expect(proven > assignedAt - .seconds(1))
    #expect(proven < .now)
    member.intake.leave()
    guard case .revoked = try member.nextEvent() else {
      Issue.record("a revocation was expected")
      return
    }
    let voided = member.intake.provenHeartbeat
    #expect(voided == nil, "any rebalance event voids the proof")
    member.intake.releaseAssignment()
    try member.leaveGroup()
  }

  @Test(.enabled(if: TestCluster.realBootstrap != nil, "KAFKA_BOOTSTRAP is not set"))
  func aTwinOfAFixedMemberIsFatalForTheFirst() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    var settings = cluster.settings()
    settings.membership = .fixed
    var first = try Member(settings)
    _ = try first.nextAssignment()
    var second = try Member(settings)
    _ = try second.nextAssignment()
    let deadline = MonotonicTime.now + Member.patience
    var fault: FatalFault?
    while fault == nil {
      try #require(MonotonicTime.now < deadline)
      _ = second.intake.nextMembershipEvent()
      switch first.intake.nextMembershipEvent() {
      case .failed(let found): fault = found
      case .revoked, .lost: first.intake.releaseAssignment()
      case .assigned: Issue.record("the first member is no member any more")
      case nil: _ = first.isWoken(within: .milliseconds(20))
      }
    }
    #expect(fault?.kind == .identityInUse)
    first.intake.leave()
    let hasLeft = first.intake.hasLeft
    #expect(hasLeft, "its close would never end")
  }
}
