import BridgeCore
import Testing

@testable import BridgeKafka

/// A back end with a guarantee that it supports.
struct CommitCase: Sendable, CustomTestStringConvertible {
  var backend: Backend
  var guarantee: KafkaSettings.Guarantee
  var testDescription: String { "\(backend), \(guarantee)" }

  static var available: [CommitCase] {
    var cases = [CommitCase(backend: .mock, guarantee: .atLeastOnce)]
    if TestCluster.realBootstrap != nil {
      cases.append(CommitCase(backend: .kafka, guarantee: .atLeastOnce))
      cases.append(CommitCase(backend: .kafka, guarantee: .exactlyOnce))
    }
    return cases
  }
}

@Suite(.serialized) struct OffsetsAreCommittedTests {
  @Test(arguments: CommitCase.available)
  func theRecoveryLogComesBackWhole(_ subject: CommitCase) throws {
    let cluster = try TestCluster(subject.backend)
    try cluster.createTopics(inputPartitions: 2)
    try cluster.publish(30, to: 0)
    var worker = try Worker(cluster.settings(subject.guarantee))
    let (partitions, epoch) = try worker.member.nextAssignment()

    let before = try worker.recover(partitions, epoch)
    #expect(
      before == [
        RecoveredPartition(
          partition: 0, committedOffset: nil, metadata: [], logStart: 0, logEnd: 30, startPosition: 0),
        RecoveredPartition(
          partition: 1, committedOffset: nil, metadata: [], logStart: 0, logEnd: 0, startPosition: 0),
      ])

    let answer = try worker.commit(
      .test(1, epoch: epoch, committing: 12, outcomeCount: 20, metadataLength: 4_096))
    #expect(answer.results == [.committed])
    #expect(answer.fault == nil)
    #expect(answer.batch.outcomes.count == 20)
    let after = try worker.recover(partitions, epoch)
    #expect(after.first?.committedOffset == 12)
    #expect(after.first?.metadata == testMetadata(1, length: 4_096))

    // Offsets alone, without an outcome.
    let second = try worker.commit(.test(2, previous: 1, epoch: epoch, committing: 13))
    #expect(second.results == [.committed])
    let last = try worker.recover([0], epoch)
    #expect(last.first?.committedOffset == 13)
    let stopped = worker.stop()
    #expect(stopped)
    try worker.member.leaveGroup()
  }

  @Test(arguments: CommitCase.available)
  func aBatchOfAnOlderAssignmentChangesNothing(_ subject: CommitCase) throws {
    let cluster = try TestCluster(subject.backend)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings(subject.guarantee))
    let (_, epoch) = try worker.member.nextAssignment()
    let answer = try worker.commit(
      .test(1, epoch: Epoch(epoch.number + 1), committing: 5, outcomeCount: 3))
    #expect(answer.results == [.notCommitted])
    #expect(answer.fault != nil)
    let recovered = try worker.recover([0], epoch)
    #expect(recovered.first?.committedOffset == nil)
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test(arguments: [
    KafkaSettings.StartPosition?.some(.earliest), .latest, .time(WallTime(milliseconds: 0)),
    .time(WallTime(milliseconds: 9_000_000_000_000)), nil,
  ])
  func startPositions(_ start: KafkaSettings.StartPosition?) throws {
    let cluster = try TestCluster(TestCluster.realBootstrap == nil ? .mock : .kafka)
    try cluster.createTopics(inputPartitions: 1)
    try cluster.publish(30, to: 0)
    var settings = cluster.settings()
    settings.start = start
    var worker = try Worker(settings)
    let (_, epoch) = try worker.member.nextAssignment()
    let recovered = try worker.recover([0], epoch)
    let expected: RecordOffset? =
      switch start {
      case .earliest: 0
      case .latest: 30
      // The mock cluster knows no times of records.
      case .time(let time): time.milliseconds == 0 && TestCluster.realBootstrap != nil ? 0 : 30
      case nil: nil
      }
    #expect(recovered.first?.startPosition == expected)
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test func aNewerQuestionVoidsAnOlderOne() throws {
    let cluster = try TestCluster(.mock)
    try cluster.createTopics(inputPartitions: 2)
    var worker = try Worker(cluster.settings())
    let (_, epoch) = try worker.member.nextAssignment()
    worker.committer.recover([0], epoch: epoch)
    worker.committer.recover([0, 1], epoch: Epoch(epoch.number + 1))
    var answers: [RecoveryAnswer] = []
    while answers.last?.epoch != Epoch(epoch.number + 1) {
      switch try worker.nextAnswer() {
      case .recovery(let answer): answers.append(answer)
      case .batch, .failed: throw TooLate()
      }
    }
    #expect(answers.last?.partitions.map(\.partition) == [0, 1])
    let more = worker.committer.nextAnswer() == nil
    #expect(more)
    let stopped = worker.stop()
    #expect(stopped)
  }

  /// A record that Kafka refuses is named; nothing of its batch is committed.
  @Test(arguments: CommitCase.available)
  func anOutcomeThatIsTooLarge(_ subject: CommitCase) throws {
    let cluster = try TestCluster(subject.backend)
    try cluster.createTopics(inputPartitions: 1)
    var settings = cluster.settings(subject.guarantee)
    settings.properties = ["message.max.bytes": "2000"]
    var worker = try Worker(settings)
    let (_, epoch) = try worker.member.nextAssignment()
    var batch = CommitBatch.test(1, epoch: epoch, committing: 5, outcomeCount: 3)
    batch.bytes = [UInt8](repeating: 65, count: 4_000)
    batch.outcomes[1].key = .absent
    batch.outcomes[1].value = TextRange(start: 0, count: 4_000)
    batch.outcomes[1].headers = .absent
    batch.outcomes[0].headers = .absent
    batch.outcomes[2].headers = .absent
    let answer = try worker.commit(batch)
    #expect(answer.results == [.notCommitted])
    #expect(answer.refusedOutcome == 1)
    #expect(answer.fault?.contains("MSG_SIZE_TOO_LARGE") == true)
    #expect(answer.fault?.contains("partition 0 offset 1") == true)
    let next = try worker.commit(.test(2, epoch: epoch, committing: 1, outcomeCount: 1))
    #expect(next.results == [.committed])
    #expect(next.refusedOutcome == nil)
    let stopped = worker.stop()
    #expect(stopped)
  }

  @Test func aRefusedPlainCommitIsNotCommitted() throws {
    let cluster = try TestCluster(.mock)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings())
    let (_, epoch) = try worker.member.nextAssignment()
    cluster.withMock { $0.refuseOffsetCommits(count: 1) }
    let answer = try worker.commit(.test(1, epoch: epoch, committing: 5, outcomeCount: 3))
    #expect(answer.results == [.notCommitted])
    #expect(worker.member.membership.credentials(for: epoch) == nil, "no batch until the next rebalance")
    let stopped = worker.stop()
    #expect(stopped)
  }

  /// A late copy of a commit would lower what was committed since: the member starts anew before the next one.
  /// The client library repeats a commit by itself a few times; either way only the token tells what became of it.
  @Test(arguments: [(3, CommitResult.committed), (20, .notCommitted)])
  func anUnansweredPlainCommitEndsTheAssignment(_ droppedCount: Int, _ result: CommitResult) throws {
    let cluster = try TestCluster(.mock)
    try cluster.createTopics(inputPartitions: 1)
    var worker = try Worker(cluster.settings())
    let (_, epoch) = try worker.member.nextAssignment()
    let first = try worker.commit(.test(1, epoch: epoch, committing: 5))
    #expect(first.results == [.committed])
    cluster.withMock { $0.dropOffsetCommits(count: droppedCount) }
    let answer = try worker.commit(.test(2, previous: 1, epoch: epoch, committing: 6, outcomeCount: 3))
    #expect(answer.results == [result])
    let wasLost = worker.events.contains { event in
      switch event {
      case .lost: true
      case .assigned, .revoked, .failed: false
      }
    }
    #expect(wasLost)
    #expect(worker.member.membership.epoch > epoch)
    let stopped = worker.stop()
    #expect(stopped)
  }
}
