import Testing

@testable import BridgeCore

/// Policy `report`: what may have had an effect is not sent again.
@Suite struct UnderReportTests {
  static func settings(_ fingerprint: UInt32 = 7) -> DeliverySettings {
    var settings = DeliverySettings()
    settings.ambiguousPolicy = .report
    settings.leaseSpan = .seconds(7)
    settings.validityFingerprint = fingerprint
    return settings
  }

  static func bench(
    recovering log: RecoveryLog? = nil, fingerprint: UInt32 = 7
  ) throws -> Bench {
    let metadata = try log.map { try #require(RecoveryLogCodec.encode($0)) } ?? []
    let bench = Bench(
      recovered: RecoveredPartition(
        partition: 0, committedOffset: log?.committedOffset, metadata: metadata, logStart: 0, logEnd: 100,
        startPosition: 0), settings: settings(fingerprint))
    if log == nil { bench.commit([]) }
    bench.engine.membershipProven(at: bench.now.monotonic)
    return bench
  }

  static func log(ceiling: RecordOffset, of settings: DeliverySettings) -> RecoveryLog {
    RecoveryLog(
      token: WriterToken(process: 1, counter: 1), committedOffset: 0, ceiling: ceiling,
      validityFingerprint: settings.recordedFingerprint)
  }

  @Test func theCeilingStandsJustAboveWhatIsSentNext() throws {
    let bench = try Self.bench()
    for offset in 0..<RecordOffset(5) { _ = bench.arrive(offset, lane: UInt64(offset % 2)) }
    bench.commit([])
    #expect(bench.view.ceiling == 2, "the heads of two lanes")
  }

  @Test func aLaneGoesOnWhenTheOutcomeIsDurable() throws {
    let bench = try Self.bench()
    let first = bench.arrive(0, lane: 1)
    let second = bench.arrive(1, lane: 1)
    bench.commit([])
    #expect(bench.send() == first)
    _ = bench.end(first, delivered)
    let outcome = try #require(bench.resolve())
    #expect(bench.send() == nil)
    bench.commit([outcome.entry], .notCommitted)
    bench.commit([])
    #expect(bench.send() == nil)
    bench.commit([outcome.entry])
    bench.commit([])
    #expect(bench.send() == second)
  }

  @Test func aLaneThatRanEmptyIsHeldAsWell() throws {
    let bench = try Self.bench()
    let first = bench.arrive(0, lane: 1)
    bench.commit([])
    _ = bench.send()
    _ = bench.end(first, delivered)
    let outcome = try #require(bench.resolve())
    let second = bench.arrive(1, lane: 1)
    bench.commit([])
    #expect(bench.send() == nil)
    bench.commit([outcome.entry])
    bench.commit([])
    #expect(bench.send() == second)
  }

  @Test func anUnknownEffectIsInDoubtAtOnce() throws {
    let bench = try Self.bench()
    let ticket = bench.arrive(0, lane: 1)
    bench.commit([])
    _ = bench.send()
    #expect(bench.end(ticket, notReached) == .again, "nothing happened: once more")
    bench.pass(.seconds(1))
    bench.engine.timersFired(at: bench.now)
    _ = bench.send()
    #expect(bench.end(ticket, unanswered) == .resolved)
    #expect(bench.resolve()?.resolution == Resolution(kind: .inDoubt, error: .noAnswer))
  }

  @Test func nothingIsSentWithoutALease() throws {
    let bench = try Self.bench()
    let ticket = bench.arrive(0, lane: 1)
    bench.commit([])
    bench.engine.membershipProven(at: nil)
    #expect(bench.send() == nil)
    bench.engine.membershipProven(at: bench.now.monotonic)
    bench.pass(.seconds(7))
    #expect(bench.send() == nil)
    #expect(
      bench.engine.nextWake(at: bench.now.monotonic) == bench.now.monotonic + DeliveryLimits.leaseLookInterval
    )
    bench.engine.membershipProven(at: bench.now.monotonic)
    #expect(bench.send() == ticket)
  }

  @Test func ofEachLaneOnlyTheFirstInheritedRecordIsInDoubt() throws {
    let bench = try Self.bench(recovering: Self.log(ceiling: 4, of: Self.settings()))
    let first = bench.arrive(0, lane: 1)
    let second = bench.arrive(1, lane: 1)
    let other = bench.arrive(2, lane: 2)
    _ = bench.arrive(3, lane: 3, isValid: false)
    _ = bench.arrive(4, lane: 3)
    var entries: [OutcomeEntry] = []
    var found: [RecordOffset: Resolution] = [:]
    func resolveAll() {
      while let outcome = bench.resolve() {
        entries.append(outcome.entry)
        found[outcome.entry.offset] = outcome.resolution
      }
    }
    resolveAll()
    let inDoubt = Resolution(kind: .inDoubt, error: .restartedAfterSend)
    #expect(found == [0: inDoubt, 2: inDoubt, 3: Resolution(kind: .invalid, error: .invalidEvent)])
    #expect(
      bench.engine.coordinates(of: first).offset == 0 && bench.engine.coordinates(of: other).offset == 2)
    bench.commit(entries)
    bench.engine.membershipProven(at: bench.now.monotonic)
    #expect(bench.send() == second, "its predecessor had no durable outcome: it was never sent")
    #expect(bench.engine.course(of: second).isInherited == false)
  }

  @Test func behindAPredecessorThatResentEveryRecordBelowTheCeilingIsInDoubt() throws {
    var before = Self.settings()
    before.ambiguousPolicy = .resend
    let bench = try Self.bench(recovering: Self.log(ceiling: 2, of: before))
    _ = bench.arrive(0, lane: 1)
    _ = bench.arrive(1, lane: 1)
    let first = try #require(bench.resolve())
    bench.commit([first.entry])
    let second = try #require(bench.resolve())
    #expect(first.resolution.kind == .inDoubt && second.resolution.kind == .inDoubt)
    #expect(
      bench.lastLog?.validityFingerprint == before.recordedFingerprint, "both promises hold for neither")
    bench.commit([second.entry])
    _ = bench.arrive(2, lane: 1)
    bench.commit([])
    #expect(bench.lastLog?.validityFingerprint == Self.settings().recordedFingerprint)
  }

  @Test func whatValidatedOtherwiseBeforeMayHaveBeenSent() throws {
    let bench = try Self.bench(recovering: Self.log(ceiling: 1, of: Self.settings(8)))
    _ = bench.arrive(0, lane: 1, isValid: false)
    let outcome = try #require(bench.resolve())
    #expect(outcome.resolution == Resolution(kind: .inDoubt, error: .restartedAfterSend))
    bench.commit([outcome.entry])
    let written = try #require(bench.lastLog?.validityFingerprint)
    for settings in [Self.settings(7), Self.settings(8)] {
      #expect(!settings.keepsValidity(written) && !settings.wasSentSingly(written))
    }
  }
}
