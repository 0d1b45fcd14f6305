import Testing

@testable import BridgeCore

@Suite struct MemoryIsSharedTests {
  private static func engine(byteLimit: Int) -> DeliveryEngine {
    var settings = DeliverySettings()
    settings.bufferedByteLimit = byteLimit
    settings.firstPartitionCount = 2
    // So that memory is what bounds a portion.
    settings.inFlightLimit = 1_000
    var engine = DeliveryEngine(settings: settings, seed: 1, processToken: 9)
    _ = engine.partitionsAssigned([0, 1], epoch: Epoch(1))
    let now = MonotonicTime(microseconds: 0)
    for partition in PartitionIndex(0)..<2 {
      _ = engine.partitionRecovered(
        RecoveredPartition(
          partition: partition, committedOffset: nil, metadata: [], logStart: 0, logEnd: 0, startPosition: 0),
        epoch: Epoch(1), at: now)
    }
    let (_, commits) = engine.batchStarted([], leftBehind: 0, at: now)
    engine.batchAnswered(at: now)
    for commit in commits {
      _ = engine.partitionAnswered(
        commit, .committed, returned: 0, at: Moment(monotonic: now, wall: WallTime(milliseconds: 0)))
    }
    return engine
  }

  @Test func aPartitionKeepsItsPartWhenAnotherHasTakenAll() {
    var engine = Self.engine(byteLimit: 100_000)
    let now = Moment(monotonic: MonotonicTime(microseconds: 1), wall: WallTime(milliseconds: 1))
    var index: Int32 = 0
    func arrive(_ slot: Int, _ byteCount: Int) {
      let ticket = engine.recordArrived(RecordOffset(index), in: slot, index: index, at: now)!
      engine.recordDecoded(ticket, lane: LaneKey(hash: 1), isValid: true, byteCount: byteCount, at: now)
      index += 1
    }
    #expect(engine.room(in: 0) == 100_000 / 1_024)
    while engine.room(in: 0) > 0 { arrive(0, 20_000) }
    #expect(index == 5, "one portion goes over the limit by less than a record")
    #expect(engine.room(in: 1) == 50_000 / 1_024)
    arrive(1, 40_000)
    #expect(engine.room(in: 1) == 1)
    arrive(1, 40_000)
    #expect(engine.room(in: 1) == 0)
    #expect(engine.room(in: 0) == 0)
  }

  @Test func anEmptyPartitionAlwaysGetsOneRecord() {
    let engine = Self.engine(byteLimit: 0)
    #expect(engine.room(in: 0) == 1)
  }

  @Test func outcomesThatWaitCount() {
    let engine = Self.engine(byteLimit: 100_000)
    #expect(engine.room(in: 0, outcomeByteCount: 200_000) == 50_000 / 1_024)
  }
}
