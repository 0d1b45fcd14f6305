package import BridgeCore
import CRdKafka

/// Makes topics on a real cluster, for demonstrations and tests; a cluster in production has its own ways.
package enum TopicCreation {
  package static func create(
    _ name: String, partitionCount: Int, replicationFactor: Int = 1, bootstrapServers: String,
    timeout: TimeSpan = .seconds(30)
  ) throws(FatalFault) {
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
      throw FatalFault(.brokerUnreachable, "Topic \(name) was not created in time.")
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
    guard code.isSuccess else {
      throw FatalFault(.configuration, "Topic \(name) was not created: \(code.sentence).")
    }
  }
}
