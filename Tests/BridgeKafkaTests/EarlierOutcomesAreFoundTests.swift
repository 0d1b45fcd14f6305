import BridgeCore
import Testing

@testable import BridgeKafka

/// Nothing is committed: whether the group has published anything is looked for in the result topic.
@Suite(.serialized) struct EarlierOutcomesAreFoundTests {
  private func outcomes(
    _ cluster: TestCluster, _ partition: PartitionIndex, count: Int = 1, group: String? = nil,
    topic: String? = nil
  ) throws {
    let publisher = try RecordPublisher(bootstrapServers: cluster.bootstrapServers, notices: KafkaNotices())
    let source = "/lippi-bridge/" + (group ?? cluster.settings().groupID)
    for number in 0..<count {
      try publisher.publish(
        to: cluster.result, partition: partition, key: nil, value: Array("outcome \(number)".utf8),
        headers: [
          ("source_topic", Array((topic ?? cluster.input).utf8)), ("ce_source", Array(source.utf8)),
        ])
    }
    try publisher.flush(timeout: .seconds(30))
  }

  @Test(arguments: Backend.available)
  func theTailIsLookedAt(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 6, resultPartitions: 5)
    try outcomes(cluster, 1, group: "another")
    try outcomes(cluster, 2)
    try outcomes(cluster, 2, count: 100, group: "another")
    try outcomes(cluster, 3, topic: "another")
    try outcomes(cluster, 4)
    try outcomes(cluster, 4, count: Int(OutcomeSearch.tailOffsets) + 5, group: "another")
    var worker = try Worker(cluster.settings())
    let (partitions, epoch) = try worker.member.nextAssignment()
    let found = try worker.recover(partitions, epoch)
    #expect(
      found.map(\.earlierOutcomes)
        == [.none, .none, .found, .none, .none, .partitionMissing])
    #expect(found.map(\.committedOffset) == Array(repeating: nil, count: 6))
    let isStopped = worker.stop()
    #expect(isStopped)
  }

  @Test(arguments: Backend.available)
  func whereSomethingIsCommittedNobodyLooks(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 1)
    try outcomes(cluster, 0)
    var worker = try Worker(cluster.settings())
    let (partitions, epoch) = try worker.member.nextAssignment()
    let before = try worker.recover(partitions, epoch)
    #expect(before.map(\.earlierOutcomes) == [.found])
    let answer = try worker.commit(.test(1, epoch: epoch, committing: 0))
    #expect(answer.results == [.committed])
    let after = try worker.recover(partitions, epoch)
    #expect(after.map(\.earlierOutcomes) == [.none])
    #expect(after.map(\.committedOffset) == [0])
    let isStopped = worker.stop()
    #expect(isStopped)
  }
}
