import Testing

@testable import BridgeKafka

@Suite struct ReadAheadTests {
  @Test func partitionsShareWhatAWorkerCanHave() {
    #expect(ReadAhead(partitionCount: 1).records == 24_000)
    #expect(ReadAhead(partitionCount: 6).records == 4_000)
    #expect(ReadAhead(partitionCount: 6).kibibytes == 2_048)
  }

  @Test func eachOfManyHasItsLeast() {
    let many = ReadAhead(partitionCount: 1_000)
    #expect(many.records == 1_000)
    #expect(many.kibibytes == 512)
  }

  @Test func theLibraryIsToldHowLongItMaySleepWhereItListens() {
    let readAhead = ReadAhead(partitionCount: 24)
    let names = readAhead.properties(libraryVersion: 0x02_00_02_ff).map(\.0)
    #expect(names == ["queued.min.messages", "queued.max.messages.kbytes"])
    let later = readAhead.properties(libraryVersion: 0x02_03_00_ff)
    #expect(later.last?.0 == "fetch.queue.backoff.ms")
    #expect(later.last?.1 == "50")
  }
}
