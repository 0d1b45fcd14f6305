import BridgeCore
import Foundation
import Synchronization

@testable import BridgeKafka

/// Which cluster a test runs against: the same body on each.
enum Backend: String, CaseIterable, Sendable {
  /// The client library's mock cluster.
  case mock
  /// A real one, at `KAFKA_BOOTSTRAP`.
  case kafka

  static var available: [Backend] { TestCluster.realBootstrap == nil ? [.mock] : [.mock, .kafka] }
}

/// A cluster with topics of its own for one test.
final class TestCluster {
  static let realBootstrap: String? = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP"]
  private static let topicCount = Atomic<Int>(0)

  private let mock: MockCluster?
  let bootstrapServers: String
  let unique: String

  init(_ backend: Backend) throws {
    let number = Self.topicCount.add(1, ordering: .relaxed).newValue
    unique = "\(getpid())-\(number)-\(UInt32.random(in: 0 ... .max))"
    switch backend {
    case .mock:
      let cluster = try MockCluster(brokerCount: 1)
      bootstrapServers = cluster.bootstrapServers
      mock = consume cluster
    case .kafka:
      bootstrapServers = Self.realBootstrap ?? ""
      mock = nil
    }
  }

  var input: String { "in-\(unique)" }
  var result: String { "out-\(unique)" }

  func createTopics(inputPartitions: Int, resultPartitions: Int? = nil) throws {
    try create(input, inputPartitions)
    try create(result, resultPartitions ?? inputPartitions)
  }

  func create(_ topic: String, _ partitionCount: Int) throws {
    switch mock {
    case .some(let cluster): try cluster.createTopic(topic, partitionCount: partitionCount)
    case .none:
      try TopicCreation.create(topic, partitionCount: partitionCount, bootstrapServers: bootstrapServers)
    }
  }

  /// Calls `use` with the mock cluster.
  func withMock(_ use: (borrowing MockCluster) -> Void) {
    switch mock {
    case .some(let cluster): use(cluster)
    case .none: preconditionFailure("only for tests on the mock cluster")
    }
  }

  func settings(instance: String = "a", _ guarantee: KafkaSettings.Guarantee = .atLeastOnce) -> KafkaSettings
  {
    var settings = KafkaSettings(
      bootstrapServers: bootstrapServers, groupID: "group-\(unique)", instance: instance, inputTopic: input,
      resultTopic: result)
    settings.guarantee = guarantee
    settings.start = .earliest
    return settings
  }

  func publish(_ count: Int, from first: Int = 0, to partition: PartitionIndex) throws {
    let publisher = try RecordPublisher(bootstrapServers: bootstrapServers, notices: KafkaNotices())
    for number in first..<first + count {
      try publisher.publish(
        to: input, partition: partition, key: Array("key-\(number)".utf8),
        value: Array("value-\(number)".utf8))
    }
    try publisher.flush(timeout: .seconds(30))
  }
}
