package import BridgeCore
import CRdKafka

/// Makes topics on a real cluster, for demonstrations and tests; a cluster in production has its own ways.
package enum TopicCreation {
  /// `replicationFactor`: -1 takes the cluster's own.
  package static func create(
    _ name: String, partitionCount: Int, replicationFactor: Int = 1, bootstrapServers: String,
    timeout: TimeSpan = .seconds(30)
  ) throws(FatalFault) {
    let code = try ask(for: name, partitionCount, replicationFactor, bootstrapServers, timeout)
    try verify(code, name)
  }

  /// A topic of that name is left as it is.
  package static func createIfMissing(
    _ name: String, partitionCount: Int, replicationFactor: Int, bootstrapServers: String, timeout: TimeSpan
  ) throws(FatalFault) {
    let code = try ask(for: name, partitionCount, replicationFactor, bootstrapServers, timeout)
    guard code.number != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.rawValue else { return }
    try verify(code, name)
  }

  private static func verify(_ code: KafkaCode, _ name: String) throws(FatalFault) {
    guard !code.isSuccess else { return }
    let sentence = "Topic \(name) was not created: \(code.sentence)."
    if code.isAccessRefusal { throw FatalFault(.accessDenied, sentence) }
    throw FatalFault(code.isLocal ? .brokerUnreachable : .configuration, sentence)
  }

  /// The cluster's answer for this topic.
  private static func ask(
    for name: String, _ partitionCount: Int, _ replicationFactor: Int, _ bootstrapServers: String,
    _ timeout: TimeSpan
  ) throws(FatalFault) -> KafkaCode {
    let configuration = ClientConfiguration()
    try configuration.set("bootstrap.servers", bootstrapServers)
    let client = try configuration.makeClient(
      RD_KAFKA_PRODUCER, observer: ClientObserver(notices: KafkaNotices()))
    var topic = rd_kafka_NewTopic_new(name, Int32(partitionCount), Int32(replicationFactor), nil, 0)
    defer { rd_kafka_NewTopic_destroy(topic) }
    let queue = rd_kafka_queue_new(client.raw)
    defer { rd_kafka_queue_destroy(queue) }
    rd_kafka_CreateTopics(client.raw, &topic, 1, nil, queue)
    guard let event = rd_kafka_queue_poll(queue, Int32(clamping: timeout.milliseconds)) else {
      throw FatalFault(.brokerUnreachable, "Topic \(name) was not created in time: no broker answered.")
    }
    defer { rd_kafka_event_destroy(event) }
    var code = KafkaCode(rd_kafka_event_error(event))
    var count = 0
    if code.isSuccess,
      let topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count),
      count > 0
    {
      code = KafkaCode(rd_kafka_topic_result_error(topics[0]))
    }
    return code
  }
}
