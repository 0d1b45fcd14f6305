import BridgeCore
import Testing

@testable import BridgeKafka

/// What only a cluster with transactions can show.
@Suite(.serialized, .enabled(if: TestCluster.realBootstrap != nil, "KAFKA_BOOTSTRAP is not set"))
struct TransactionsTests {
  /// Everything in a partition of the result topic, as a read_committed reader sees it.
  private func results(_ cluster: TestCluster) throws -> [TakenRecord] {
    var settings = cluster.settings(instance: "reader")
    settings.groupID = "reader-\(cluster.unique)-\(UInt32.random(in: 0 ... .max))"
    settings.inputTopic = cluster.result
    var member = try Member(settings)
    _ = try member.nextAssignment()
    member.intake.start([ReadPosition(partition: 0, offset: 0)])
    return try member.take(from: 0) { $0.hasEnd }.compactMap { item in
      switch item {
      case .record(let record): record
      case .end: nil
      }
    }
  }

  @Test func outcomesCarryKeyHeadersAndToken() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings(.exactlyOnce))
    let (_, epoch) = try worker.member.nextAssignment()
    let answer = try worker.commit(.test(0xab, epoch: epoch, committing: 2, outcomeCount: 2))
    #expect(answer.results == [.committed])
    let headers = ["ce_type=delivered", "bridge_batch=00000007000000ab"]
    #expect(
      try results(cluster) == [
        TakenRecord(offset: 0, key: nil, value: "outcome-171-0", headers: headers),
        TakenRecord(offset: 1, key: "key-1", value: "outcome-171-1", headers: headers),
      ])
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test func aFailedTransactionShowsNothingAndIsFollowedByTheNext() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings(.exactlyOnce))
    let (_, epoch) = try worker.member.nextAssignment()
    _ = try worker.commit(.test(1, epoch: epoch, committing: 1, outcomeCount: 1))
    for counter in UInt32(2)...4 {
      // More metadata than the broker takes.
      let failed = try worker.commit(
        .test(counter, previous: 1, epoch: epoch, committing: 2, outcomeCount: 5, metadataLength: 4_097))
      #expect(failed.results == [.notCommitted])
      #expect(failed.fault?.contains("OFFSET_METADATA_TOO_LARGE") == true)
    }
    let next = try worker.commit(.test(5, previous: 1, epoch: epoch, committing: 3, outcomeCount: 1))
    #expect(next.results == [.committed])
    #expect(try results(cluster).map(\.value) == ["outcome-1-0", "outcome-5-0"])
    let recovered = try worker.recover([0], epoch)
    #expect(recovered.first?.committedOffset == 3)
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test func anotherWritersTokenIsATakeOver() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings(.exactlyOnce))
    let (_, epoch) = try worker.member.nextAssignment()
    _ = try worker.commit(.test(1, epoch: epoch, committing: 1))
    let answer = try worker.commit(
      .test(3, previous: 2, epoch: epoch, committing: 2, metadataLength: 4_097))
    #expect(answer.results == [.takenOver])
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test func aTwinFencesAndInTheEndOneGoes() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    let settings = cluster.settings(.exactlyOnce)
    var worker = try Worker(settings)
    let (_, epoch) = try worker.member.nextAssignment()
    _ = try worker.commit(.test(1, epoch: epoch, committing: 1, outcomeCount: 1))
    var twin = try KafkaCommitter(
      settings, membership: GroupMembership(), notices: KafkaNotices(), tokenOf: tokenOfTestMetadata)
    for counter in UInt32(2)...3 {
      try twin.prepare(timeout: .seconds(30))
      let fenced = try worker.commit(
        .test(counter, previous: 1, epoch: epoch, committing: 2, outcomeCount: 1))
      #expect(fenced.results == [.notCommitted])
    }
    try twin.prepare(timeout: .seconds(30))
    worker.committer.submit(.test(4, previous: 1, epoch: epoch, committing: 2, outcomeCount: 1))
    switch try worker.nextAnswer() {
    case .failed(let fault): #expect(fault.kind == .identityInUse)
    case .batch, .recovery: Issue.record("three fencings in a minute are no accident")
    }
    let stopped = (worker.stop(), twin.stop(deadline: .now + .seconds(5)))
    #expect(stopped == (true, true))
    #expect(try results(cluster).map(\.value) == ["outcome-1-0"])
  }

  /// Begins a transaction with offsets and goes without ending it, as a process that is killed.
  private func leaveOpenTransaction(_ settings: KafkaSettings, epoch: Epoch, _ membership: GroupMembership)
    throws
  {
    let producer = try OutcomeProducer(settings, notices: KafkaNotices())
    let batch = CommitBatch.test(9, epoch: epoch, committing: 7, outcomeCount: 1)
    let credentials = try #require(membership.credentials(for: epoch))
    #expect(producer.initialize { true } == nil)
    #expect(producer.begin { true } == nil)
    #expect(producer.produce(batch) { true } == nil)
    #expect(
      producer.sendOffsets(batch.partitions, of: settings.inputTopic, as: credentials) { true } == nil)
  }

  @Test func preparingEndsTheTransactionOfAPredecessor() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    let settings = cluster.settings(.exactlyOnce)
    do {
      var member = try Member(settings)
      let (_, epoch) = try member.nextAssignment()
      try leaveOpenTransaction(settings, epoch: epoch, member.membership)
      try member.leaveGroup()
    }
    let begunAt = MonotonicTime.now
    var worker = try Worker(settings)
    let (_, epoch) = try worker.member.nextAssignment()
    let recovered = try worker.recover([0], epoch)
    #expect(recovered.first?.committedOffset == nil)
    #expect(MonotonicTime.now - begunAt < .seconds(8), "not by the transaction time-out")
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test func recoveryWaitsForTheTransactionOfADeadMember() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    do {
      var member = try Member(cluster.settings(instance: "dead", .exactlyOnce))
      let (_, epoch) = try member.nextAssignment()
      try leaveOpenTransaction(
        cluster.settings(instance: "dead", .exactlyOnce), epoch: epoch, member.membership)
      try member.leaveGroup()
    }
    let begunAt = MonotonicTime.now
    var worker = try Worker(cluster.settings(instance: "other", .exactlyOnce))
    let (_, epoch) = try worker.member.nextAssignment()
    let recovered = try worker.recover([0], epoch)
    #expect(recovered.first?.committedOffset == nil)
    #expect(MonotonicTime.now - begunAt > .seconds(5), "an open transaction is no answer")
    #expect(worker.events.isEmpty, "the membership outlasts the recovery")
    let stopped = worker.stop()
    #expect(stopped)
  }
}
