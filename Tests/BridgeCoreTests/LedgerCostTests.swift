import Testing

@testable import BridgeCore

@Suite(.serialized) struct LedgerCostTests {
  /// As full as a partition can get: 2 000 records without an outcome over 100 000 offsets, resolved in any order.
  @Test func anEventCostsLessThanAMicrosecond() throws {
    let openCount = RecoveryLogLimits.standard.unresolvedPerPartition
    let step = RecoveryLogLimits.standard.windowOffsets / RecordOffset(openCount)
    var dice = SplitMix64(seed: 1)
    var ledger = PartitionLedger(startingAt: 0)
    var open: [Int32] = []
    var nextOffset: RecordOffset = 0
    func deliver() {
      guard case .fresh(let entry, _) = ledger.recordDelivered(nextOffset) else { return }
      open.append(entry)
      nextOffset += step
    }
    for _ in 0..<openCount { deliver() }
    let eventCount = 200_000
    let batchSize = DeliveryLimits.outcomesThatStartBatch
    var proposalTime = Duration.zero
    var longest = 0
    let clock = ContinuousClock()
    let time = clock.measure {
      for batch in 0..<(eventCount / batchSize) {
        for _ in 0..<batchSize {
          // Half of them the oldest, or the window would close; half of them the newest, or the log would be short.
          let isOldest = dice.next(upTo: 1) == 0
          let index = isOldest ? 0 : open.count - 1 - Int(dice.next(upTo: 63))
          let entry = open.remove(at: index)
          ledger.attemptStarted(entry)
          ledger.resolve(entry)
          ledger.include(entry)
          deliver()
        }
        proposalTime += clock.measure {
          let log = ledger.propose(
            token: WriterToken(process: 1, counter: UInt32(batch)),
            raisedTo: ledger.ceiling(for: 64, arrivalCount: 64), firstPartitionCount: 1,
            validityFingerprint: 1)
          longest = max(longest, RecoveryLogCodec.encode(log)?.count ?? .max)
          ledger.proposalCommitted()
        }
      }
    }
    let nanoseconds = Double(time.components.attoseconds) / 1e9 + Double(time.components.seconds) * 1e9
    let batches =
      Double(proposalTime.components.attoseconds) / 1e9 + Double(proposalTime.components.seconds) * 1e9
    print(
      "ledger: \(Int(nanoseconds) / eventCount) ns per event, of which \(Int(batches) / eventCount) for recovery logs;"
        + " the longest has \(longest) characters")
    #expect(longest <= RecoveryLogCodec.characterLimit)
    // A busy machine is slower; ten times as slow means that something is quadratic.
    #expect(Int(nanoseconds) / eventCount < 10_000)
  }
}
