import Testing

@testable import BridgeCore

struct OffsetsAreDecidedTests {
  private static let token = WriterToken(process: 5, counter: 1)

  private func found(
    _ committed: RecordOffset?, metadata: [UInt8] = [], start: RecordOffset = 10, end: RecordOffset = 100,
    earlier: EarlierOutcomes = .none
  ) -> RecoveredPartition {
    var found = RecoveredPartition(
      partition: 0, committedOffset: committed, metadata: metadata, logStart: start, logEnd: end,
      startPosition: nil)
    found.earlierOutcomes = earlier
    return found
  }

  private func decider(_ found: RecoveredPartition) -> OffsetsDecider {
    OffsetsDecider(found, limits: .standard, token: Self.token, firstPartitionCount: 3)
  }

  private func set(_ offsets: [RecordOffset], from start: RecordOffset = 10) -> OffsetSet {
    var set = OffsetSet(from: start)
    for offset in offsets {
      let isNew = set.insert(offset)
      #expect(isNew)
    }
    return set
  }

  private func encoded(_ log: RecoveryLog) throws -> [UInt8] { try #require(RecoveryLogCodec.encode(log)) }

  @Test func whatIsWrittenStartsThePartition() throws {
    let foreign = decider(found(40))
    let decisions = [
      try foreign.adopt(at: nil), try foreign.adopt(at: 10), try foreign.adopt(at: 100),
      try foreign.repair(from: 10, resolved: set([]), open: []),
      try foreign.repair(from: 10, resolved: set([10, 12, 20]), open: [11, 15]),
      try foreign.repair(from: 10, resolved: set(Array(10..<100)), open: []),
    ]
    for decision in decisions {
      let log = decision.log
      let written = found(log.committedOffset, metadata: try encoded(log))
      #expect(written.standing() == .continues(log))
      #expect(log.token == Self.token)
      #expect(log.firstPartitionCount == 3)
    }
  }

  @Test func adoptingTakesWhatWasCommitted() throws {
    let decision = try decider(found(40)).adopt(at: nil)
    #expect(decision.log.committedOffset == 40)
    #expect(decision.log.ceiling == 40)
    #expect(decision.possiblySentCount == 0)
  }

  @Test func adoptingNeedsAnOffsetWhereNoneIsToBeTrusted() throws {
    let damaged = decider(found(40, metadata: Array("AAAA".utf8)))
    #expect(throws: DecisionRefusal.offsetNeeded) { try damaged.adopt(at: nil) }
    #expect(try damaged.adopt(at: 40).log.committedOffset == 40)
    let gone = decider(found(nil, earlier: .found))
    #expect(throws: DecisionRefusal.offsetNeeded) { try gone.adopt(at: nil) }
    #expect(throws: DecisionRefusal.outOfLog(101, start: 10, end: 100)) { try gone.adopt(at: 101) }
    #expect(throws: DecisionRefusal.outOfLog(9, start: 10, end: 100)) { try gone.adopt(at: 9) }
  }

  @Test func repairingCountsTheRestAsPossiblySent() throws {
    let decision = try decider(found(nil, earlier: .found)).repair(
      from: 10, resolved: set([10, 11, 14, 20]), open: [12, 17])
    // 13, 15, 16, 18 and 19 are marks of transactions.
    #expect(decision.log.committedOffset == 12)
    #expect(decision.log.ceiling == 100)
    #expect(decision.log.highestPublished == 20)
    #expect(decision.log.unresolved == [12, 17])
    #expect(decision.possiblySentCount == 2 + 79)
    #expect(decision.log.isPublished(14))
    #expect(!decision.log.isPublished(17))
    #expect(!decision.log.isPublished(21))
  }

  @Test func repairingBehindAllOutcomes() throws {
    let decision = try decider(found(nil, earlier: .found)).repair(
      from: 10, resolved: set([10, 11, 14]), open: [])
    #expect(decision.log.committedOffset == 15)
    #expect(decision.log.highestPublished == nil)
    #expect(decision.possiblySentCount == 85)
  }

  @Test func outcomesBeyondTheEndAreNotOfThisTopic() {
    let decider = decider(found(nil, earlier: .found))
    #expect(throws: DecisionRefusal.outcomesBeyondEnd(highest: 100)) {
      try decider.repair(from: 10, resolved: set([100]), open: [])
    }
  }

  /// What is said to fit does.
  @Test(arguments: [(5_000, 2), (3_000, 90), (2_001, 1)] as [(Int, RecordOffset)])
  func whatDoesNotFitSaysWhatWould(_ openCount: Int, _ step: RecordOffset) throws {
    let open = (0..<openCount).map { 10 + RecordOffset($0) * step }
    let highest = (open.last ?? 0) + 1
    let decider = decider(found(nil, end: highest + 1, earlier: .found))
    var suggested: RecordOffset?
    do {
      _ = try decider.repair(from: 10, resolved: set([highest]), open: open)
      Issue.record("it does not fit")
    } catch DecisionRefusal.doesNotFit(_, _, let start) {
      suggested = start
    }
    let start = try #require(suggested)
    let rest = open.filter { $0 >= start }
    let decision = try decider.repair(from: start, resolved: set([highest], from: start), open: rest)
    #expect(decision.log.unresolved == rest)
    #expect(rest.count <= RecoveryLogLimits.standard.unresolvedPerPartition)
    #expect(rest.count > 500, "no more is given up than has to be")
  }

  @Test func skippingKeepsWhatIsKnownAbove() throws {
    let old = RecoveryLog(
      token: WriterToken(process: 1, counter: 1), committedOffset: 4, ceiling: 30, highestPublished: 20,
      unresolved: [4, 6, 12, 15], firstPartitionCount: 2, validityFingerprint: 9)
    let decider = decider(found(4, metadata: try encoded(old)))
    let log = try #require(decider.readableLog)
    let decision = try decider.skip(to: 13, of: log)
    #expect(decision.log.committedOffset == 13)
    #expect(decision.log.ceiling == 30)
    #expect(decision.log.highestPublished == 20)
    #expect(decision.log.unresolved == [15])
    #expect(decision.log.validityFingerprint == 9)
    #expect(decision.withoutOutcomeCount == 3, "4, 6 and 12")
    #expect(decision.possiblySentCount == 1 + 9)
    let far = try decider.skip(to: 40, of: log)
    #expect(far.log.ceiling == 40)
    #expect(far.log.highestPublished == nil)
    #expect(far.withoutOutcomeCount == 4 + 19)
    #expect(throws: DecisionRefusal.outOfLog(9, start: 10, end: 100)) { try decider.skip(to: 9, of: log) }
  }

  @Test func whatIsStartedOrFreshIsNotTouched() throws {
    let log = RecoveryLog(token: Self.token, committedOffset: 40, ceiling: 40)
    let started = decider(found(40, metadata: try encoded(log)))
    #expect(throws: DecisionRefusal.isStarted) { try started.adopt(at: 50) }
    #expect(throws: DecisionRefusal.isStarted) { try started.repair(from: 10, resolved: set([]), open: []) }
    #expect(throws: DecisionRefusal.isStarted) { try started.skip(to: 50, of: log) }
    #expect(throws: DecisionRefusal.isFresh) { try decider(found(nil)).adopt(at: 10) }
    #expect(throws: DecisionRefusal.notDecidable(.resultsUnread)) {
      try decider(found(nil, earlier: .unread)).adopt(at: 10)
    }
  }

  @Test func theSetOfOffsetsIsOneOfOffsets() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let start = RecordOffset(random.next(upTo: 1_000))
      let offsets = (0..<random.next(upTo: 300)).map { _ in RecordOffset(random.next(upTo: 1_300)) }
      let set = set(offsets, from: start)
      let model = Set(offsets.filter { $0 >= start })
      #expect(set.count == model.count, "seed \(seed)")
      #expect(set.highest == model.max(), "seed \(seed)")
      #expect(set.firstGap == (start...).first { !model.contains($0) }, "seed \(seed)")
      let cut = RecordOffset(random.next(upTo: 1_300))
      let rest = set.dropping(below: cut)
      for offset in 0..<1_400 {
        #expect(set.contains(RecordOffset(offset)) == model.contains(RecordOffset(offset)), "seed \(seed)")
        #expect(
          rest.contains(RecordOffset(offset))
            == (RecordOffset(offset) >= cut && model.contains(RecordOffset(offset))), "seed \(seed)")
      }
    }
  }
}
