import Testing

@testable import BridgeCore

/// Brokers may be told to take less beside an offset than Kafka's default: less is open at a time then.
struct BrokersTakeLittleMetadataTests {
  static let sizes = [256, 300, 511, 512, 1_000, 1_024, 2_048, 3_000, 4_095, 4_096]

  @Test func tooLittleIsRefused() {
    #expect(RecoveryLogLimits(characters: 255) == nil)
    #expect(RecoveryLogLimits(characters: 0) == nil)
    #expect(RecoveryLogLimits(characters: 1 << 20) == .standard)
  }

  @Test func theyShrinkTogether() throws {
    var smaller: RecoveryLogLimits?
    for size in Self.sizes {
      let limits = try #require(RecoveryLogLimits(characters: size))
      #expect(limits.recordsPerTurnBehindMany >= 1, "\(size)")
      #expect(limits.recordsPerTurn >= limits.recordsPerTurnBehindMany)
      #expect(limits.unresolvedPerPartition >= 64, "\(size)")
      if let smaller {
        #expect(limits.windowOffsets > smaller.windowOffsets)
        #expect(limits.unresolvedPerPartition > smaller.unresolvedPerPartition)
      }
      smaller = limits
    }
    #expect(RecoveryLogLimits(characters: 4_096)?.unresolvedPerPartition == 2_000)
    #expect(RecoveryLogLimits(characters: 4_096)?.windowOffsets == 100_000)
  }

  /// The window full with the gaps that cost most, then one more portion with any gaps.
  @Test(arguments: sizes)
  func theFullestLogFits(_ size: Int) throws {
    let limits = try #require(RecoveryLogLimits(characters: size))
    for (inWindow, portion) in [
      (limits.unresolvedPerPartition - limits.recordsPerTurnBehindMany, limits.recordsPerTurnBehindMany),
      (limits.manyOpenRecords - 1, limits.recordsPerTurn),
    ] {
      let log = FullestLog(limits, inWindow: inWindow, portion: portion).log
      #expect(RecoveryLogCodec.encode(log, limit: size) != nil, "\(inWindow) and \(portion)")
    }
  }

  /// Records come with random gaps and are resolved in random order: every recovery log that is made fits, or the
  /// engine would trap.
  @Test(arguments: sizes)
  func whateverComesFits(_ size: Int) throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("recovery logs in \(size) characters: seed \(seed)")
    var random = SplitMix64(seed: seed)
    let limits = try #require(RecoveryLogLimits(characters: size))
    var settings = DeliverySettings()
    settings.recoveryLogLimits = limits
    settings.inFlightLimit = 4_000
    var longest = 0
    for round in 0..<6 {
      let bench = Bench(settings: settings)
      var offset: RecordOffset = 0
      let gap = [0, 3, 60, 130, 200, 20_000][round]
      var sent: [Ticket] = []
      for _ in 0..<60 {
        for _ in 0..<max(0, bench.room) {
          offset += 1 + RecordOffset(random.next(upTo: UInt64(gap)))
          _ = bench.arrive(offset, lane: random.next())
        }
        var outcomes: [OutcomeEntry] = []
        while let ticket = bench.send() { sent.append(ticket) }
        // The first is never answered, and late ones come before early ones: most of what is open lies below them.
        for _ in 0..<random.next(upTo: 8) where sent.count > 1 {
          let place = max(1, sent.count - 1 - Int(random.next(upTo: 20)))
          _ = bench.end(sent.remove(at: place), delivered)
        }
        while let resolved = bench.resolve() { outcomes.append(resolved.entry) }
        bench.commit(outcomes)
        longest = max(longest, bench.lastMetadata.count)
      }
    }
    #expect(longest <= size, "seed \(seed)")
    #expect(longest > size / 4, "much of it is used: seed \(seed)")
  }

  @Test func aLogFromALargerSpaceIsNotStarted() throws {
    let log = RecoveryLog(
      token: WriterToken(process: 1, counter: 1), committedOffset: 0, ceiling: 9_000, highestPublished: 5_000,
      unresolved: (0..<400).map { $0 * 10 })
    let metadata = try #require(RecoveryLogCodec.encode(log))
    let found = RecoveredPartition(
      partition: 0, committedOffset: 0, metadata: metadata, logStart: 0, logEnd: 9_000, startPosition: 0)
    #expect(found.standing() == .continues(log))
    #expect(found.standing(within: 256) == .undecided(.recoveryLogTooLong))
  }
}
