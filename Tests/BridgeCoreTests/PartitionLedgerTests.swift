import Testing

@testable import BridgeCore

/// What a ledger must say, kept in plain sets.
private struct NaiveLedger {
  var delivered: Set<RecordOffset> = []
  var durable: Set<RecordOffset> = []
  var resolved: Set<RecordOffset> = []
  var publishing: Set<RecordOffset> = []
  var entryOf: [RecordOffset: Int32] = [:]

  var unresolved: Set<RecordOffset> {
    delivered.subtracting(durable).subtracting(resolved).subtracting(publishing)
  }
}

@Suite struct PartitionLedgerTests {
  private let token = WriterToken(process: 1, counter: 1)

  /// Random lives of a partition with crashes in between: after each crash the successor, reading the log from C on,
  /// is handed exactly the records whose outcome is not durable, and knows which of them may have been sent.
  @Test func aSuccessorGetsExactlyWhatIsNotDurable() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    for life in 0..<300 {
      // Offsets in the log: gaps stand for transaction markers and compaction.
      let log = (0..<RecordOffset(200)).filter { _ in random.next(upTo: 9) > 1 }
      var ledger = PartitionLedger(startingAt: 0)
      var durable: Set<RecordOffset> = []
      var sentBelow: RecordOffset = 0
      for crash in 0..<4 {
        var naive = NaiveLedger()
        var next = log.firstIndex { $0 >= ledger.committedOffset } ?? log.count
        for _ in 0..<Int(random.next(upTo: 120)) {
          switch random.next(upTo: 3) {
          case 0, 1:
            guard next < log.count else {
              ledger.endReached((log.last ?? -1) + 2)
              continue
            }
            let offset = log[next]
            next += 1
            switch ledger.recordDelivered(offset) {
            case .dropped:
              #expect(durable.contains(offset), "seed \(seed) life \(life) crash \(crash) offset \(offset)")
            case .fresh(let entry, let inherited):
              #expect(!durable.contains(offset), "seed \(seed) life \(life) crash \(crash) offset \(offset)")
              #expect(inherited == (offset < sentBelow), "seed \(seed) life \(life) offset \(offset)")
              naive.delivered.insert(offset)
              naive.entryOf[offset] = entry
            }
            #expect(ledger.recordDelivered(offset) == .dropped)
          case 2:
            guard let offset = naive.unresolved.sorted().randomElement(&random),
              let entry = naive.entryOf[offset]
            else { continue }
            ledger.resolve(entry)
            naive.resolved.insert(offset)
          default:
            for offset in naive.resolved.sorted() where random.next(upTo: 1) == 0 {
              ledger.include(naive.entryOf[offset]!)
              naive.publishing.insert(offset)
            }
            naive.resolved.subtract(naive.publishing)
            let proposal = ledger.propose(
              token: token, raisedTo: ledger.highestDelivered + 1 + RecordOffset(random.next(upTo: 5)),
              firstPartitionCount: 1, validityFingerprint: 0)
            for offset in naive.unresolved.union(naive.resolved) {
              #expect(
                offset >= proposal.committedOffset && !proposal.isPublished(offset),
                "seed \(seed) life \(life)")
            }
            if random.next(upTo: 4) == 0 {
              ledger.proposalRefused()
              naive.resolved.formUnion(naive.publishing)
            } else {
              ledger.proposalCommitted()
              durable.formUnion(naive.publishing)
              naive.durable.formUnion(naive.publishing)
            }
            naive.publishing = []
          }
          #expect(ledger.unresolvedCount == naive.unresolved.count, "seed \(seed) life \(life)")
        }
        sentBelow = ledger.ceiling
        // The crash: what is committed comes back through the codec.
        let committed = ledger.committedLog(token: token)
        let metadata = try #require(RecoveryLogCodec.encode(committed))
        ledger = PartitionLedger(recovered: try #require(RecoveryLogCodec.decode(metadata)))
      }
    }
  }

  @Test func lagReachesZeroBehindTransactionMarkers() {
    var ledger = PartitionLedger(startingAt: 0)
    guard case .fresh(let entry, _) = ledger.recordDelivered(0) else {
      Issue.record("a new record is fresh")
      return
    }
    ledger.resolve(entry)
    ledger.include(entry)
    ledger.endReached(3)
    let log = ledger.propose(token: token, raisedTo: 1, firstPartitionCount: 1, validityFingerprint: 0)
    #expect(log.committedOffset == 3)
    #expect(log.highestPublished == nil)
    ledger.proposalCommitted()
    #expect(!ledger.committedOffsetCanAdvance)
    ledger.endReached(5)
    #expect(ledger.committedOffsetCanAdvance)
  }

  @Test func anInheritedRecordThatRetentionRemovedDoesNotHoldTheOffsetBack() {
    let inherited = RecoveryLog(
      token: token, committedOffset: 10, ceiling: 20, highestPublished: 14, unresolved: [10, 12])
    var ledger = PartitionLedger(recovered: inherited)
    #expect(ledger.recordDelivered(11) == .dropped)
    guard case .fresh(_, inherited: true) = ledger.recordDelivered(12) else {
      Issue.record("12 is unresolved and may have been sent")
      return
    }
    let log = ledger.propose(token: token, raisedTo: 0, firstPartitionCount: 1, validityFingerprint: 0)
    #expect(log.committedOffset == 12)
    #expect(log.ceiling == 20)
  }

  /// A record that was never attempted is not ambiguous after a drain; one with an unknown attempt is.
  @Test(arguments: [Int32(0), 1, -1], [RecordOffset(0), 500])
  func aDrainLowersTheCeiling(ambiguousEntry: Int32, start: RecordOffset) {
    let expected = start + RecordOffset(ambiguousEntry) + 1
    var ledger = PartitionLedger(startingAt: start)
    for offset in start..<start + 3 { _ = ledger.recordDelivered(offset) }
    _ = ledger.propose(token: token, raisedTo: start + 1_000, firstPartitionCount: 1, validityFingerprint: 0)
    ledger.proposalCommitted()
    #expect(ledger.ceiling == start + 1_000)
    if ambiguousEntry >= 0 { ledger.attemptBecameAmbiguous(ambiguousEntry) }
    let log = ledger.proposeFinal(
      token: token, firstPartitionCount: 1, validityFingerprint: 0)
    #expect(log.ceiling == expected)
    ledger.proposalCommitted()
    #expect(ledger.ceiling == expected)
  }

  @Test func aDrainKeepsTheCeilingOverInheritedRecordsNotReadYet() {
    let inherited = RecoveryLog(token: token, committedOffset: 10, ceiling: 50)
    var ledger = PartitionLedger(recovered: inherited)
    _ = ledger.recordDelivered(10)
    let log = ledger.proposeFinal(
      token: token, firstPartitionCount: 1, validityFingerprint: 0)
    #expect(log.ceiling == 50)
  }
}

extension PartitionLedger {
  /// What a successor would find: a proposal without new outcomes, taken back at once.
  fileprivate func committedLog(token: WriterToken) -> RecoveryLog {
    var copy = self
    var log = copy.propose(token: token, raisedTo: 0, firstPartitionCount: 1, validityFingerprint: 0)
    // An end of partition that was not committed yet does not count.
    if log.committedOffset > committedOffset, unresolvedCount == 0 { log.committedOffset = committedOffset }
    return log
  }
}

extension Array {
  fileprivate func randomElement(_ random: inout SplitMix64) -> Element? {
    isEmpty ? nil : self[Int(random.next(upTo: UInt64(count - 1)))]
  }
}
