import BridgeCore
import Glibc
import Testing

@testable import BridgeKafka

@Suite(.serialized) struct PartitionIsReadTests {
  /// Makes the topics; the member has read that its partitions are empty.
  private static func memberAtTheEnd(of cluster: TestCluster, partitionCount: PartitionIndex) throws -> Member
  {
    try cluster.createTopics(inputPartitions: Int(partitionCount))
    var member = try Member(cluster.settings())
    _ = try member.nextAssignment()
    member.intake.start((0..<partitionCount).map { ReadPosition(partition: $0, offset: 0) })
    for partition in 0..<partitionCount { _ = try member.take(from: partition) { $0.hasEnd } }
    return member
  }

  @Test(arguments: Backend.available)
  func recordsComeWithAllTheirParts(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 2)
    let publisher = try RecordPublisher(bootstrapServers: cluster.bootstrapServers, notices: KafkaNotices())
    try publisher.publish(
      to: cluster.input, partition: 1, key: Array("k".utf8), value: Array("v".utf8),
      headers: [("one", Array("1".utf8)), ("one", Array("2".utf8))])
    try publisher.publish(to: cluster.input, partition: 1, key: nil, value: nil)
    try publisher.publish(to: cluster.input, partition: 1, key: [], value: [])
    try publisher.flush(timeout: .seconds(30))

    var member = try Member(cluster.settings())
    let (partitions, epoch) = try member.nextAssignment()
    #expect(partitions == [0, 1])
    #expect(epoch == Epoch(1))
    member.intake.start([ReadPosition(partition: 0, offset: 0), ReadPosition(partition: 1, offset: 0)])
    let items = try member.take(from: 1) { $0.hasEnd }
    #expect(
      items == [
        .record(TakenRecord(offset: 0, key: "k", value: "v", headers: ["one=1", "one=2"])),
        .record(TakenRecord(offset: 1, key: nil, value: nil)),
        .record(TakenRecord(offset: 2, key: "", value: "")),
        .end(3),
      ])
    let empty = try member.take(from: 0) { $0.hasEnd }
    #expect(empty == [.end(0)])
    try member.leaveGroup()
  }

  @Test(arguments: Backend.available)
  func readingBeginsAtThePosition(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    try cluster.publish(100, to: 0)
    var member = try Member(cluster.settings())
    _ = try member.nextAssignment()
    member.intake.start([ReadPosition(partition: 0, offset: 40)])
    let items = try member.take(from: 0) { $0.hasEnd }
    #expect(items.offsets == Array(40..<100))
  }

  @Test(arguments: Backend.available)
  func everyRecordRaisesTheDescriptor(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    var member = try Self.memberAtTheEnd(of: cluster, partitionCount: 3)

    let publisher = try RecordPublisher(bootstrapServers: cluster.bootstrapServers, notices: KafkaNotices())
    for number in 0..<60 {
      let partition = PartitionIndex(number % 3)
      // Sleep only when nothing can be found any more.
      while member.intake.nextMembershipEvent() != nil {}
      for other in PartitionIndex(0)..<3 where member.intake.mayHaveRecords(other) {
        while member.intake.take(from: other, upTo: 100, { _ in }) > 0 {}
        let mayHaveMore = member.intake.mayHaveRecords(other)
        #expect(!mayHaveMore)
      }
      try publisher.publish(to: cluster.input, partition: partition, key: nil, value: [1])
      try publisher.flush(timeout: .seconds(30))
      var found = 0
      let deadline = MonotonicTime.now + .seconds(20)
      while found == 0, MonotonicTime.now < deadline {
        let isWoken = member.isWoken(within: .seconds(10))
        try #require(isWoken, "record \(number) raised nothing")
        _ = member.intake.nextMembershipEvent()
        _ = member.intake.take(from: partition, upTo: 1) { item in
          switch item {
          case .record(let view): found += view.offset == number / 3 ? 1 : 0
          case .endOfPartition: break
          }
        }
      }
      #expect(found == 1)
    }
  }

  /// What a worker is told while a record comes is lost.
  @Test func aSignalThatWasLostDelaysARecordAndNoMore() throws {
    let cluster = try TestCluster(.mock)
    var member = try Self.memberAtTheEnd(of: cluster, partitionCount: 2)
    try cluster.publish(1, to: 1)
    let isWoken = member.isWoken(within: .seconds(10))
    try #require(isWoken)
    var lost = [PartitionIndex](repeating: -1, count: 8)
    let count = read(member.intake.recordsDescriptor, &lost, MemoryLayout<PartitionIndex>.size * 8)
    try #require(count == MemoryLayout<PartitionIndex>.size && lost[0] == 1)
    let items = try member.take(from: 1) { !$0.isEmpty }
    #expect(items.offsets == [0])
  }

  /// Nothing fits into a full pipe: then every partition has to be looked at.
  @Test func moreArrivalsThanCanBeToldAreNotLost() throws {
    let cluster = try TestCluster(.mock)
    var member = try Self.memberAtTheEnd(of: cluster, partitionCount: 2)
    // The look that is due once a second was just taken.
    member.intake.eventsPolledAt = .now
    for partition in PartitionIndex(0)..<2 { _ = member.intake.take(from: partition, upTo: 1) { _ in } }
    var marks = (0..<2).map { member.intake.mayHaveRecords($0) }
    try #require(marks == [false, false])

    let entrance = member.intake.arrivals.entrance
    func tell(_ number: PartitionIndex) -> Bool {
      withUnsafeBytes(of: number) { write(entrance, $0.baseAddress, $0.count) > 0 }
    }
    #expect(tell(0))
    while member.intake.nextMembershipEvent() != nil {}
    marks = (0..<2).map { member.intake.mayHaveRecords($0) }
    #expect(marks == [true, false])
    while tell(0) {}
    while member.intake.nextMembershipEvent() != nil {}
    marks = (0..<2).map { member.intake.mayHaveRecords($0) }
    #expect(marks == [true, true])
  }

  @Test(arguments: Backend.available)
  func aPartitionThatIsNotStartedStaysUnread(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 2)
    try cluster.publish(50, to: 0)
    try cluster.publish(50, to: 1)
    var member = try Member(cluster.settings())
    _ = try member.nextAssignment()
    member.intake.start([ReadPosition(partition: 0, offset: 0)])
    let first = try member.take(from: 0) { $0.offsets.count >= 20 }
    let mayHaveRecords = member.intake.mayHaveRecords(1)
    #expect(!mayHaveRecords)
    let taken = member.intake.take(from: 1, upTo: 10) { _ in }
    #expect(taken == 0)

    // The later start neither repeats nor loses what the other partition was about to hand out.
    member.intake.start([ReadPosition(partition: 1, offset: 5)])
    let rest = try member.take(from: 0) { $0.hasEnd }
    #expect((first + rest).offsets == Array(0..<50))
    let other = try member.take(from: 1) { $0.hasEnd }
    #expect(other.offsets == Array(5..<50))
    try member.leaveGroup()
  }

  @Test(.enabled(if: TestCluster.realBootstrap != nil, "KAFKA_BOOTSTRAP is not set"))
  func aPositionBeyondTheLogEndsInANewAssignment() throws {
    let cluster = try TestCluster(.kafka)
    try cluster.createTopics(inputPartitions: 1)
    try cluster.publish(10, to: 0)
    var member = try Member(cluster.settings())
    _ = try member.nextAssignment()
    member.intake.start([ReadPosition(partition: 0, offset: 1_000)])
    let deadline = MonotonicTime.now + Member.patience
    var revoked = false
    while !revoked {
      try #require(MonotonicTime.now < deadline)
      _ = member.intake.take(from: 0, upTo: 1) { _ in }
      switch member.intake.nextMembershipEvent() {
      case .revoked: revoked = true
      case .assigned, .lost, .failed: Issue.record("not what a lost position leads to")
      case nil: _ = member.isWoken(within: .milliseconds(20))
      }
    }
    member.intake.releaseAssignment()
    let (partitions, epoch) = try member.nextAssignment()
    #expect(partitions == [0])
    #expect(epoch == Epoch(2))
    member.intake.start([ReadPosition(partition: 0, offset: 9)])
    let items = try member.take(from: 0) { $0.hasEnd }
    #expect(items.offsets == [9])
  }
}
