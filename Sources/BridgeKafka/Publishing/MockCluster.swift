package import BridgeCore
import CRdKafka

/// The client library's own imitation of a cluster, inside this process: for tests and for a demonstration without
/// Kafka. It keeps records and plain offset commits; of transactions it knows the requests, not the meaning.
package struct MockCluster: ~Copyable {
  private let client: ClientHandle
  private let cluster: OpaquePointer
  package let bootstrapServers: String

  package init(brokerCount: Int = 1) throws(FatalFault) {
    let configuration = ClientConfiguration()
    try configuration.set("test.mock.num.brokers", "\(brokerCount)")
    let client = try configuration.makeClient(
      RD_KAFKA_PRODUCER, observer: ClientObserver(notices: KafkaNotices()))
    guard let cluster = rd_kafka_handle_mock_cluster(client.raw),
      let servers = rd_kafka_mock_cluster_bootstraps(cluster)
    else { throw FatalFault(.configuration, "The Kafka client has no mock cluster.") }
    bootstrapServers = String(cString: servers)
    self.cluster = cluster
    self.client = consume client
  }

  package borrowing func createTopic(_ name: String, partitionCount: Int) throws(FatalFault) {
    let code = KafkaCode(rd_kafka_mock_topic_create(cluster, name, Int32(partitionCount), 1))
    guard code.isSuccess else {
      throw FatalFault(.configuration, "Topic \(name) was not created: \(code.sentence).")
    }
  }

  /// Answers as if the topic did not exist.
  package borrowing func hideTopic(_ name: String) {
    rd_kafka_mock_topic_set_error(cluster, name, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
  }

  /// The next `count` offset commits are refused with "illegal generation".
  package borrowing func refuseOffsetCommits(count: Int) {
    let codes = Array(repeating: RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, count: count)
    rd_kafka_mock_push_request_errors_array(cluster, RequestNumber.offsetCommit, count, codes)
  }

  /// The next `count` offset commits are answered by closing the connection.
  package borrowing func dropOffsetCommits(count: Int) {
    let codes = Array(repeating: RD_KAFKA_RESP_ERR__TRANSPORT, count: count)
    rd_kafka_mock_push_request_errors_array(cluster, RequestNumber.offsetCommit, count, codes)
  }
}
