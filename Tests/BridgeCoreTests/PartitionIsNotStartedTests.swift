import Testing

@testable import BridgeCore

struct PartitionIsNotStartedTests {
  private static let token = WriterToken(process: 1, counter: 1)

  private static func found(
    _ committed: RecordOffset?, _ log: RecoveryLog? = nil, metadata: [UInt8]? = nil, start: RecordOffset = 0,
    end: RecordOffset = 9, earlier: EarlierOutcomes = .none
  ) -> RecoveredPartition {
    var found = RecoveredPartition(
      partition: 0, committedOffset: committed,
      metadata: metadata ?? log.flatMap { RecoveryLogCodec.encode($0) } ?? [], logStart: start, logEnd: end,
      startPosition: 0)
    found.earlierOutcomes = earlier
    return found
  }

  private static func log(_ committed: RecordOffset, published: RecordOffset? = nil) -> RecoveryLog {
    RecoveryLog(token: token, committedOffset: committed, ceiling: committed, highestPublished: published)
  }

  static let standings: [(RecoveredPartition, PartitionStanding)] = [
    (found(nil), .fresh),
    (found(nil, earlier: .found), .undecided(.outcomesWithoutOffset)),
    (found(nil, earlier: .unread), .undecided(.resultsUnread)),
    (found(nil, earlier: .partitionMissing), .undecided(.resultPartitionMissing)),
    (found(5), .undecided(.foreignOffset)),
    (found(5, metadata: Array("AAAA".utf8)), .undecided(.damagedRecoveryLog)),
    (found(5, log(4)), .undecided(.damagedRecoveryLog)),
    (found(5, log(5), end: 4), .undecided(.beyondEndOfLog)),
    (found(5, log(5), end: 5), .continues(log(5))),
    // The record that has its outcome has to be there.
    (found(5, log(5, published: 8), end: 8), .undecided(.beyondEndOfLog)),
    (found(5, log(5, published: 8), end: 9), .continues(log(5, published: 8))),
    (found(5, log(5), start: 6), .undecided(.beforeStartOfLog)),
    (found(5, log(5), start: 5), .continues(log(5))),
  ]

  @Test(arguments: standings)
  func theSameIsCommittedAndTheSameIsConcluded(
    _ found: RecoveredPartition, _ standing: PartitionStanding
  ) {
    #expect(found.standing() == standing)
  }

  @Test func itIsAskedAgainUntilItIsDecided() {
    let bench = Bench(recovered: Self.found(5))
    #expect(bench.engine.undecidedReason(of: 0) == .foreignOffset)
    #expect(bench.askedAgain.isEmpty)
    #expect(bench.engine.nextWake(at: bench.now.monotonic) == bench.now.monotonic + .seconds(10))
    bench.pass(.seconds(10))
    #expect(bench.askedAgain == [0])
    #expect(bench.askedAgain.isEmpty, "one question at a time")
    #expect(bench.recover(Self.found(5)) == .undecided(.foreignOffset))
    bench.pass(.seconds(10))
    #expect(bench.askedAgain == [0])
    #expect(bench.recover(Self.found(5, Self.log(5))) == .read(from: 5))
    #expect(bench.room > 0)
    bench.pass(.seconds(60))
    #expect(bench.askedAgain.isEmpty)
  }

  @Test func aPartitionWithoutAnythingStartsWhenItsOutcomesAreGone() {
    let bench = Bench(recovered: Self.found(nil, earlier: .unread))
    bench.pass(.seconds(10))
    #expect(bench.askedAgain == [0])
    #expect(bench.recover(Self.found(nil)) == .commitStart)
    #expect(bench.isBatchDue)
  }

  @Test func anAnswerThatComesBehindTheDrainStartsNothing() {
    let bench = Bench(recovered: Self.found(5))
    bench.pass(.seconds(10))
    #expect(bench.askedAgain == [0])
    bench.engine.drainStarted()
    #expect(bench.recover(Self.found(5, Self.log(5))) == .ignored)
    let isDrained = bench.engine.isDrained
    #expect(isDrained)
    bench.pass(.seconds(60))
    #expect(bench.askedAgain.isEmpty)
  }

  @Test func aQuestionAboutNewPartitionsContainsIt() {
    let bench = Bench(recovered: Self.found(5))
    #expect(bench.engine.partitionsAssigned([1], epoch: Epoch(2)).sorted() == [0, 1])
    bench.pass(.seconds(10))
    #expect(bench.askedAgain.isEmpty, "the other question is under way")
    #expect(bench.recover(Self.found(5, Self.log(5)), epoch: 2) == .read(from: 5))
  }
}

extension Bench {
  fileprivate var askedAgain: [PartitionIndex] { engine.partitionsToAskAgain(at: now.monotonic) }

  fileprivate func recover(
    _ found: RecoveredPartition, epoch: UInt32 = 1
  ) -> DeliveryEngine.StartDecision {
    engine.partitionRecovered(found, epoch: Epoch(epoch), at: now.monotonic)
  }
}
