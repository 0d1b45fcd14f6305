package import BridgeCore
import CRdKafka

extension KafkaIntake {
  /// The end of a partition as the last fetch told it; asks no broker. Nil before the first fetch.
  package func endOffset(of partition: PartitionIndex) -> RecordOffset? {
    var low: Int64 = -1
    var high: Int64 = -1
    let code = rd_kafka_get_watermark_offsets(client.raw, settings.inputTopic, partition, &low, &high)
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
  }

  /// What the member last heard from the brokers: heartbeats and fetches are answered all the time.
  package var brokerContact: BrokerContact { observer.contact }
}
