import Testing

@testable import BridgeCore

@Suite struct RecoveryLogCodecTests {
  /// What a partition can hold at most, with the gaps that cost most: the window full, then one more portion.
  @Test(arguments: [
    (
      RecoveryLogLimits.standard.unresolvedPerPartition - RecoveryLogLimits.standard.recordsPerTurnBehindMany,
      RecoveryLogLimits.standard.recordsPerTurnBehindMany
    ),
    (RecoveryLogLimits.standard.manyOpenRecords - 1, RecoveryLogLimits.standard.recordsPerTurn),
  ])
  func theFullestLogFits(_ inWindow: Int, _ portion: Int) throws {
    let fullest = FullestLog(.standard, inWindow: inWindow, portion: portion)
    #expect(fullest.windowLength <= RecoveryLogLimits.standard.windowOffsets)
    let text = try #require(RecoveryLogCodec.encode(fullest.log))
    print("the fullest recovery log has \(text.count) characters")
    #expect(RecoveryLogCodec.decode(text) == fullest.log)
  }

  private let token = WriterToken(process: 0xDEAD_BEEF, counter: 7)

  @Test func randomLogsComeBackAsTheyWere() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<2_000 {
      let committed = RecordOffset(random.next(upTo: 1 << 40))
      let span = RecordOffset(random.next(upTo: 99_999))
      let count = Int(random.next(upTo: 2_000))
      let offsets = Set((0..<count).map { _ in committed + RecordOffset(random.next(upTo: UInt64(span))) })
      let highest = committed + span + 1
      let log = RecoveryLog(
        token: WriterToken(process: UInt32(truncatingIfNeeded: random.next()), counter: 3),
        committedOffset: committed, ceiling: committed + RecordOffset(random.next(upTo: 200_000)),
        highestPublished: random.next(upTo: 4) == 0 ? nil : highest, unresolved: [],
        firstPartitionCount: Int32(random.next(upTo: 5_000)),
        validityFingerprint: UInt32(truncatingIfNeeded: random.next()))
      var filled = log
      if log.highestPublished != nil { filled.unresolved = offsets.sorted() }
      let metadata = try #require(RecoveryLogCodec.encode(filled), "seed \(seed)")
      #expect(RecoveryLogCodec.decode(metadata) == filled, "seed \(seed)")
      #expect(RecoveryLogCodec.token(of: metadata) == filled.token)
    }
  }

  /// The window and the number of unresolved records are limited so that this always holds.
  @Test func theWorstCaseAtTheLimitsFits() throws {
    let committed: RecordOffset = 1 << 60
    var lengths: [String: Int] = [:]
    for (name, step) in [("even", 50), ("pairs of near and far", 0), ("dense", 1)] {
      var offsets: [RecordOffset] = []
      var offset = committed
      while offsets.count < RecoveryLogLimits.standard.unresolvedPerPartition {
        offsets.append(offset)
        // A delta of 128 takes two bytes: as many of them as the window holds.
        let far = offsets.count <= 700
        offset += step > 0 ? RecordOffset(step) : (far ? 129 : 3)
        guard offset < committed + RecoveryLogLimits.standard.windowOffsets else { break }
      }
      let log = RecoveryLog(
        token: token, committedOffset: committed,
        ceiling: committed + RecoveryLogLimits.standard.windowOffsets + 1_024,
        highestPublished: committed + RecoveryLogLimits.standard.windowOffsets, unresolved: offsets,
        firstPartitionCount: .max, validityFingerprint: .max)
      let metadata = try #require(RecoveryLogCodec.encode(log), "\(name)")
      #expect(RecoveryLogCodec.decode(metadata) == log, "\(name)")
      lengths[name] = metadata.count
    }
    print("recovery log at the limits, characters of \(RecoveryLogCodec.characterLimit): \(lengths)")
    #expect(lengths.values.allSatisfy { $0 <= RecoveryLogCodec.characterLimit })
  }

  @Test func whatDoesNotFitIsNotTruncated() {
    let log = RecoveryLog(
      token: token, committedOffset: 0, ceiling: 0, highestPublished: 1_000_000,
      unresolved: (0..<5_000).map { $0 * 200 })
    #expect(RecoveryLogCodec.encode(log) == nil)
  }

  @Test func everyDamageIsNoticed() throws {
    let log = RecoveryLog(
      token: token, committedOffset: 1_000, ceiling: 1_100, highestPublished: 1_050,
      unresolved: [1_000, 1_003, 1_049], firstPartitionCount: 6, validityFingerprint: 1)
    let metadata = try #require(RecoveryLogCodec.encode(log))
    for position in metadata.indices {
      for replacement in [UInt8(ascii: "A"), UInt8(ascii: "_"), UInt8(ascii: "*"), 0] {
        var damaged = metadata
        guard damaged[position] != replacement else { continue }
        damaged[position] = replacement
        #expect(RecoveryLogCodec.decode(damaged) == nil, "position \(position)")
      }
      #expect(RecoveryLogCodec.decode(Array(metadata[..<position])) == nil)
    }
    #expect(RecoveryLogCodec.decode([]) == nil)
    #expect(RecoveryLogCodec.decode(Array("set by a tool".utf8)) == nil)
  }

  @Test func randomBytesNeverTrap() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<20_000 {
      var body = (0..<Int(random.next(upTo: 60))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      // With a right checksum the damage reaches the fields.
      let checksum = CRC32.checksum(of: body[...])
      body = [1] + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) } + body
      let decoded = RecoveryLogCodec.decode(Base64.url.encode(body))
      if let decoded { #expect(decoded.ceiling >= decoded.committedOffset, "seed \(seed)") }
    }
  }

  /// What stands behind a checksum that is right, in hexadecimal: an offset that no topic has. Found by fuzzing: the
  /// bits of the first, the way back to metadata of the second overflowed.
  @Test(arguments: [
    "000000010000000200000003fbffffffffffffff7f0001040201",
    "000000010000000200000003000001ffffffffffffffff7f0103010509",
  ])
  func offsetsThatNoTopicHasAreDamage(_ digits: String) {
    let body = stride(from: 0, to: digits.utf8.count, by: 2).map { position in
      UInt8(digits.dropFirst(position).prefix(2), radix: 16) ?? 0
    }
    let checksum = withUnsafeBytes(of: CRC32.checksum(of: body[...]).bigEndian) { Array($0) }
    let metadata = Base64.url.encode([RecoveryLogCodec.version] + checksum + body)
    #expect(RecoveryLogCodec.decode(metadata) == nil)
  }

  @Test func theChecksumIsTheUsualOne() {
    #expect(CRC32.checksum(of: Array("123456789".utf8)[...]) == 0xCBF4_3926)
  }
}
