import BridgeCore
import Testing

@testable import BridgeKafka

@Suite struct TopicsAreVerifiedTests {
  private func fault(_ settings: KafkaSettings, timeout: TimeSpan = .seconds(20)) -> FatalFault? {
    do throws(FatalFault) {
      _ = try settings.verifyTopics(timeout: timeout, notices: KafkaNotices())
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: Backend.available)
  func bothTopicsAreThere(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 3, resultPartitions: 5)
    #expect(
      try cluster.settings().verifyTopics(timeout: .seconds(20), notices: KafkaNotices())
        == TopicCounts(input: 3, result: 5))
  }

  @Test(arguments: Backend.available)
  func aMissingTopicComesWithTheLineThatMakesIt(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.create(cluster.input, 7)
    if backend == .mock {
      try cluster.create(cluster.result, 7)
      cluster.withMock { $0.hideTopic(cluster.result) }
    }
    let found = try #require(fault(cluster.settings()))
    #expect(found.kind == .configuration)
    #expect(
      found.message.contains(
        "kafka-topics.sh --bootstrap-server \(cluster.bootstrapServers) --create --topic \(cluster.result) "
          + "--partitions 7"))
  }

  @Test(arguments: Backend.available)
  func tooFewResultPartitions(_ backend: Backend) throws {
    let cluster = try TestCluster(backend)
    try cluster.createTopics(inputPartitions: 3, resultPartitions: 2)
    let found = try #require(fault(cluster.settings()))
    #expect(found.kind == .configuration)
    #expect(found.message.contains("--alter --topic \(cluster.result) --partitions 3"))
  }

  @Test func nobodyAnswers() throws {
    let settings = KafkaSettings(
      bootstrapServers: "127.0.0.1:1", groupID: "g", instance: "a", inputTopic: "in", resultTopic: "out")
    let begunAt = MonotonicTime.now
    let found = try #require(fault(settings, timeout: .seconds(2)))
    #expect(found.kind == .brokerUnreachable)
    #expect(found.message.contains("127.0.0.1:1"))
    #expect(MonotonicTime.now - begunAt < .seconds(20))
  }

  @Test func preparingWithoutABrokerEndsInTime() throws {
    var settings = KafkaSettings(
      bootstrapServers: "127.0.0.1:1", groupID: "g", instance: "a", inputTopic: "in", resultTopic: "out")
    settings.guarantee = .exactlyOnce
    var committer = try KafkaCommitter(
      settings, membership: GroupMembership(), notices: KafkaNotices(), tokenOf: { _ in nil })
    let begunAt = MonotonicTime.now
    var found: FatalFault?
    do throws(FatalFault) { try committer.prepare(timeout: .seconds(2)) } catch { found = error }
    #expect(found?.kind == .brokerUnreachable)
    #expect(MonotonicTime.now - begunAt < .seconds(20))
    let stopped = committer.stop(deadline: .now)
    #expect(stopped)
  }

  @Test(arguments: ["group.id", "isolation.level", "enable.auto.commit", "transactional.id"])
  func ownedPropertiesAreRefused(_ name: String) throws {
    var settings = KafkaSettings(
      bootstrapServers: "127.0.0.1:1", groupID: "g", instance: "a", inputTopic: "in", resultTopic: "out")
    settings.properties = [name: "x", "client.rack": "r"]
    #expect(settings.refusedProperties == [name])
    let found = try #require(fault(settings, timeout: .seconds(1)))
    #expect(found.kind == .configuration)
    #expect(found.message.contains(name))
  }

  /// Each value is right by itself: the client as a whole is refused.
  @Test(arguments: [
    (["security.protocol": "SASL_PLAINTEXT"], "sasl.kerberos"),
    (["security.protocol": "SSL", "ssl.ca.location": "/nowhere"], "ssl.ca.location"),
  ])
  func aClientThatIsRefusedIsAFaultAndNoCrash(_ properties: [String: String], _ word: String) throws {
    var settings = KafkaSettings(
      bootstrapServers: "127.0.0.1:1", groupID: "g", instance: "a", inputTopic: "in", resultTopic: "out")
    settings.properties = properties
    let found = try #require(fault(settings, timeout: .seconds(1)))
    #expect(found.kind == .configuration)
    #expect(found.message.contains(word))
  }

  @Test func anUnknownPropertyIsNamed() throws {
    var settings = KafkaSettings(
      bootstrapServers: "127.0.0.1:1", groupID: "g", instance: "a", inputTopic: "in", resultTopic: "out")
    settings.properties = ["no.such.property": "1"]
    let found = try #require(fault(settings, timeout: .seconds(1)))
    #expect(found.kind == .configuration)
    #expect(found.message.contains("no.such.property"))
  }
}
