import Testing

@testable import BridgeCore

/// The ledger and its recovery log against sets of offsets, over many assignments of one partition.
@Suite struct LedgerAgainstModelTests {
  /// One assignment as sets.
  private struct Model {
    var published: Set<RecordOffset> = []
    var open: [(offset: RecordOffset, entry: Int32)] = []
    var resolved: [(offset: RecordOffset, entry: Int32)] = []
    var batch: [(offset: RecordOffset, entry: Int32)] = []
    var ceiling: RecordOffset = 0
  }

  @Test func randomCourses() throws {
    let seed = UInt64.random(in: 0..<1 << 48)
    print("ledger against model: seed \(seed)")
    var dice = SplitMix64(seed: seed)
    for _ in 0..<400 { try course(&dice) }
  }

  private func course(_ dice: inout SplitMix64) throws {
    func upTo(_ bound: Int) -> Int { Int(dice.next(upTo: UInt64(bound))) }
    // Records with gaps.
    var offsets: [RecordOffset] = []
    var end: RecordOffset = 0
    for _ in 0..<(1 + upTo(60)) {
      end += RecordOffset(upTo(4) == 0 ? upTo(300) : 0)
      offsets.append(end)
      end += 1
    }
    var model = Model()
    var log: RecoveryLog?
    for assignment in 0..<5 {
      var ledger = log.map { PartitionLedger(recovered: $0) } ?? PartitionLedger(startingAt: 0)
      let inheritedCeiling = log?.ceiling ?? 0
      model.open = []
      model.resolved = []
      var next = offsets.firstIndex { $0 >= ledger.committedOffset } ?? offsets.count
      var token: UInt32 = 0
      for _ in 0..<upTo(200) {
        switch upTo(9) {
        case 0...3 where next < offsets.count:
          // Sometimes what was delivered comes again.
          if next > 0, upTo(9) == 0 { #expect(ledger.recordDelivered(offsets[upTo(next - 1)]) == .dropped) }
          let offset = offsets[next]
          next += 1
          switch ledger.recordDelivered(offset) {
          case .fresh(let entry, let inherited):
            #expect(!model.published.contains(offset))
            #expect(inherited == (offset < inheritedCeiling))
            model.open.append((offset, entry))
          case .dropped: #expect(model.published.contains(offset))
          }
        case 4...6 where !model.open.isEmpty:
          let done = model.open.remove(at: upTo(model.open.count - 1))
          ledger.resolve(done.entry)
          model.resolved.append(done)
        case 7 where next == offsets.count: ledger.endReached(end)
        default:
          let count = upTo(model.resolved.count)
          model.batch = Array(model.resolved.prefix(count))
          for outcome in model.batch { ledger.include(outcome.entry) }
          token += 1
          let proposed = ledger.propose(
            token: WriterToken(process: UInt32(assignment), counter: token),
            raisedTo: ledger.highestDelivered + RecordOffset(upTo(5)), firstPartitionCount: 1,
            validityFingerprint: 7)
          let text = try #require(RecoveryLogCodec.encode(proposed))
          #expect(RecoveryLogCodec.decode(text) == proposed)
          guard upTo(3) > 0 else {
            ledger.proposalRefused()
            continue
          }
          ledger.proposalCommitted()
          model.resolved.removeFirst(count)
          model.published.formUnion(model.batch.map(\.offset))
          check(proposed, against: model, offsets, deliveredBelow: ledger.highestDelivered + 1)
          log = proposed
        }
        #expect(ledger.unresolvedCount == model.open.count)
        #expect(ledger.unpublishedCount == model.resolved.count)
        #expect(ledger.ceiling >= ledger.committedOffset)
      }
    }
  }

  private func check(
    _ log: RecoveryLog, against model: Model, _ offsets: [RecordOffset], deliveredBelow end: RecordOffset
  ) {
    for offset in offsets {
      let isDone = offset < log.committedOffset || log.isPublished(offset)
      #expect(isDone == model.published.contains(offset), "\(offset) of \(log)")
    }
    #expect(log.ceiling >= log.committedOffset)
  }
}
