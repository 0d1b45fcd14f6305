package import BridgeCore
import CRdKafka

/// How many partitions the two topics have.
package struct TopicCounts: Sendable, Equatable {
  package var input: Int
  package var result: Int
}

extension KafkaSettings {
  /// Looks, before anything is joined, whether brokers answer, whether both topics are there and the result topic has
  /// as many partitions as the input topic, and whether we may read the group's offsets.
  package func verifyTopics(timeout: TimeSpan) throws(FatalFault) -> TopicCounts {
    let notices = KafkaNotices()
    let client = try makeInquirer(observer: ClientObserver(notices: notices))
    let deadline = MonotonicTime.now + timeout
    let input = try partitionCount(of: inputTopic, like: nil, asking: client, until: deadline)
    let result = try partitionCount(of: resultTopic, like: input, asking: client, until: deadline)
    guard result >= input else {
      throw FatalFault(
        .configuration,
        "Result topic \(resultTopic) has \(result) partitions, input topic \(inputTopic) has \(input); outcomes keep "
          + "their event's partition. Add partitions: kafka-topics.sh --bootstrap-server \(bootstrapServers) --alter "
          + "--topic \(resultTopic) --partitions \(input)")
    }
    try verifyGroup(asking: client, until: deadline)
    return TopicCounts(input: input, result: result)
  }

  private func partitionCount(
    of topic: String, like wanted: Int?, asking client: borrowing ClientHandle, until deadline: MonotonicTime
  ) throws(FatalFault) -> Int {
    guard let handle = rd_kafka_topic_new(client.raw, topic, nil) else {
      throw FatalFault(.configuration, "Topic name \(topic) was refused.")
    }
    defer { rd_kafka_topic_destroy(handle) }
    var lastWords = ConnectionWords()
    while true {
      let left = min(max((deadline - .now).milliseconds, 1), 1_000)
      var answer: UnsafePointer<rd_kafka_metadata>?
      let code = KafkaCode(rd_kafka_metadata(client.raw, 0, handle, &answer, Int32(left)))
      lastWords.listen(to: client)
      if let answer {
        defer { rd_kafka_metadata_destroy(answer) }
        if code.isSuccess, answer.pointee.topic_cnt > 0 {
          let found = answer.pointee.topics[0]
          if let count = try partitionCount(found, topic, wanted) { return count }
        }
      }
      if let refusal = lastWords.refusal {
        throw FatalFault(.accessDenied, "Kafka at \(bootstrapServers) refused the connection: \(refusal).")
      }
      if code.isAccessRefusal {
        throw FatalFault(.accessDenied, "Kafka refused to describe topic \(topic): \(code.sentence).")
      }
      guard MonotonicTime.now < deadline else {
        throw FatalFault(
          .brokerUnreachable,
          "No broker at \(bootstrapServers) answered within the start-up time: \(lastWords.trouble ?? code.sentence)."
        )
      }
    }
  }

  /// Nil if it is worth asking again: a topic has just been made, or a leader is being chosen.
  private func partitionCount(_ found: rd_kafka_metadata_topic, _ topic: String, _ wanted: Int?)
    throws(FatalFault) -> Int?
  {
    let code = KafkaCode(found.err)
    if code.isSuccess { return found.partition_cnt > 0 ? Int(found.partition_cnt) : nil }
    if code.isAccessRefusal {
      throw FatalFault(.accessDenied, "Kafka refused to describe topic \(topic): \(code.sentence).")
    }
    if code.number == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue
      || code.number == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue
    {
      let partitions = wanted.map(String.init) ?? "6"
      throw FatalFault(
        .configuration,
        "Topic \(topic) does not exist. Create it: kafka-topics.sh --bootstrap-server \(bootstrapServers) --create "
          + "--topic \(topic) --partitions \(partitions) --replication-factor 3")
    }
    if code.number == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION.rawValue {
      throw FatalFault(.configuration, "Kafka does not take \(topic) as the name of a topic.")
    }
    return nil
  }

  /// A coordinator that is not there yet is no fault.
  private func verifyGroup(asking client: borrowing ClientHandle, until deadline: MonotonicTime)
    throws(FatalFault)
  {
    let list = PartitionList(topic: inputTopic, [0], offset: -1)
    let left = min(max((deadline - .now).milliseconds, 1), KafkaTimes.slice.milliseconds)
    let code = KafkaCode(rd_kafka_committed(client.raw, list.raw, Int32(left)))
    var words = ConnectionWords()
    words.listen(to: client)
    let refused = code.isAccessRefusal ? code : list.firstFailure()
    guard words.refusal != nil || refused?.isAccessRefusal == true else { return }
    throw FatalFault(
      .accessDenied,
      "Kafka refused group \(groupID): \(words.refusal ?? refused?.sentence ?? code.sentence).")
  }
}

/// What a client said about its connections while it was asked something.
private struct ConnectionWords {
  var refusal: String?
  var trouble: String?

  mutating func listen(to client: borrowing ClientHandle) {
    while true {
      let words = client.nextEvent { event -> (KafkaCode, String) in
        (
          KafkaCode(rd_kafka_event_error(event)),
          rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
        )
      }
      guard let (code, text) = words else { return }
      if code.isAccessRefusal { refusal = text } else if !code.isSuccess { trouble = text }
    }
  }
}
