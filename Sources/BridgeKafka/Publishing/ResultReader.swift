package import BridgeCore
import CRdKafka
import Glibc

/// Reads a topic without a group, as a read_committed reader sees it.
package struct ResultReader: ~Copyable {
  /// Where reading begins.
  package enum Start: Sendable {
    case beginning
    case presentEnd
    /// The same in every partition.
    case offset(RecordOffset)
    /// So many offsets before the end, or the beginning.
    case tail(offsetCount: RecordOffset)
    /// The first record that Kafka took at that time or later.
    case time(WallTime)
  }

  package struct Source: Sendable {
    package var bootstrapServers: String
    /// Further properties of librdkafka: what it takes to be let in.
    package var properties: [String: String]
    package var topic: String
    /// Nil: all that the topic has when reading begins.
    package var partitions: [PartitionIndex]?

    package init(
      bootstrapServers: String, properties: [String: String] = [:], topic: String,
      partitions: [PartitionIndex]? = nil
    ) {
      self.bootstrapServers = bootstrapServers
      self.properties = properties
      self.topic = topic
      self.partitions = partitions
    }
  }

  private struct Place {
    var partition: PartitionIndex
    /// Where the reader stands: behind the last record, and at the end of the log behind marks of transactions too.
    var position: RecordOffset
    /// Of the partition, when reading began.
    var firstEnd: RecordOffset
    /// Everything was read that there was, at some time since reading began.
    var hasSeenEnd: Bool
  }

  private static let askMilliseconds: Int32 = 2_000
  private static let pauseMilliseconds: Int32 = 100

  private let client: ClientHandle
  private let topic: String
  /// In the order of their partitions.
  private var places: [Place]
  /// Places that have not seen their end.
  private var leftCount: Int
  private var hasReadSinceWake = false
  private var nextWoken = 0
  /// Why nothing more will come; nil as long as something may.
  package private(set) var failure: FatalFault?

  /// `timeout`: for brokers, topic and leaders to be there.
  package init(_ source: Source, from start: Start = .presentEnd, timeout: TimeSpan) throws(FatalFault) {
    let client = try Self.client(source)
    let topic = source.topic
    let deadline = MonotonicTime.now + timeout
    let partitionCount = try Self.partitionCount(of: topic, client, before: deadline)
    let partitions = source.partitions ?? (0..<PartitionIndex(partitionCount)).map { $0 }
    if let missing = partitions.first(where: { $0 < 0 || $0 >= partitionCount }) {
      throw FatalFault(
        .configuration,
        "Topic \(topic) has partitions 0 to \(partitionCount - 1), none with number \(missing).")
    }
    let bounds = try Self.bounds(of: topic, partitions, client, before: deadline)
    let starts: [RecordOffset] =
      switch start {
      case .beginning: bounds.map(\.low)
      case .presentEnd: bounds.map(\.high)
      case .offset(let offset): bounds.map { min(max($0.low, offset), $0.high) }
      case .tail(let offsetCount): bounds.map { max($0.low, $0.high - offsetCount) }
      case .time(let time):
        try Self.offsets(at: time, of: topic, partitions, bounds.map(\.high), client, before: deadline)
      }
    let list = PartitionList(room: partitions.count)
    for (partition, offset) in zip(partitions, starts) { list.add(topic: topic, partition, offset: offset) }
    let code = KafkaCode(rd_kafka_assign(client.raw, list.raw))
    guard code.isSuccess else {
      throw FatalFault(.configuration, "Topic \(topic) cannot be read: \(code.sentence).")
    }
    places = zip(partitions, zip(starts, bounds)).map { partition, found in
      Place(
        partition: partition, position: found.0, firstEnd: found.1.high, hasSeenEnd: found.0 >= found.1.high)
    }.sorted { $0.partition < $1.partition }
    leftCount = places.count { !$0.hasSeenEnd }
    self.client = consume client
    self.topic = topic
  }

  /// How many partitions the topic of `source` has.
  package static func partitionCount(_ source: Source, timeout: TimeSpan) throws(FatalFault) -> Int {
    try partitionCount(of: source.topic, try client(source), before: MonotonicTime.now + timeout)
  }

  private static func client(_ source: Source) throws(FatalFault) -> ClientHandle {
    let configuration = ClientConfiguration()
    // Bounds what waits in memory, whatever the topic holds.
    for (name, value) in [
      ("queued.max.messages.kbytes", "4096"), ("queued.min.messages", "100000"),
      ("fetch.message.max.bytes", "65536"), ("fetch.wait.max.ms", "50"),
    ] { try configuration.set(name, value) }
    // Versions that do not know it are woken up; see `next`.
    configuration.setIfKnown("fetch.queue.backoff.ms", "10")
    for (name, value) in source.properties.sorted(by: { $0.key < $1.key }) {
      try configuration.set(name, value)
    }
    for (name, value) in [
      ("bootstrap.servers", source.bootstrapServers), ("group.id", "lippi-bridge-reader"),
      ("enable.auto.commit", "false"), ("enable.partition.eof", "true"),
      ("isolation.level", "read_committed"),
      // Retention may take what is about to be read.
      ("auto.offset.reset", "earliest"),
    ] { try configuration.set(name, value) }
    return try configuration.makeClient(
      RD_KAFKA_CONSUMER, observer: ClientObserver(notices: KafkaNotices()))
  }

  /// Waits for the next record, at most `span`. False if none came.
  package mutating func next(within span: TimeSpan, _ visit: (ReadRecord) -> Void) -> Bool {
    var polled = rd_kafka_consumer_poll(client.raw, 0)
    if polled == nil {
      wakeFetching()
      polled = rd_kafka_consumer_poll(client.raw, Int32(clamping: span.milliseconds))
    }
    guard let message = polled else { return false }
    defer { rd_kafka_message_destroy(message) }
    let code = KafkaCode(message.pointee.err)
    if code == .endOfPartition {
      moved(message.pointee.partition, to: message.pointee.offset, isEnd: true)
      return false
    }
    guard code.isSuccess else {
      noteFailure(code, rd_kafka_message_errstr(message).map { String(cString: $0) } ?? code.sentence)
      return false
    }
    visit(ReadRecord(message))
    hasReadSinceWake = true
    moved(message.pointee.partition, to: message.pointee.offset + 1, isEnd: false)
    return true
  }

  /// Old versions of the library look only once a second whether a queue that was full has room again; a question to
  /// the broker makes them look.
  private mutating func wakeFetching() {
    guard hasReadSinceWake, leftCount > 0 else { return }
    hasReadSinceWake = false
    nextWoken = (nextWoken + 1) % places.count
    while places[nextWoken].hasSeenEnd { nextWoken = (nextWoken + 1) % places.count }
    var low: Int64 = 0
    var high: Int64 = 0
    _ = rd_kafka_query_watermark_offsets(
      client.raw, topic, places[nextWoken].partition, &low, &high, Self.pauseMilliseconds)
  }

  /// Everything was read that was there when reading began.
  package var hasReadToFirstEnd: Bool { leftCount == 0 }

  /// Those of which not everything was read that was there when reading began.
  package var partitionsBeforeEnd: [PartitionIndex] {
    leftCount == 0 ? [] : places.filter { !$0.hasSeenEnd }.map(\.partition)
  }

  /// Reads everything that is in the topic now. False if that was not possible in time.
  package mutating func readToPresentEnd(within span: TimeSpan, _ visit: (ReadRecord) -> Void) -> Bool {
    let deadline = MonotonicTime.now + span
    let ends: [RecordOffset]
    do throws(FatalFault) {
      ends = try Self.bounds(of: topic, places.map(\.partition), client, before: deadline).map(\.high)
    } catch {
      return false
    }
    while zip(places, ends).contains(where: { $0.position < $1 }) {
      guard MonotonicTime.now < deadline else { return false }
      _ = next(within: .milliseconds(Int64(Self.pauseMilliseconds)), visit)
    }
    return true
  }

  private mutating func moved(_ partition: PartitionIndex, to offset: RecordOffset, isEnd: Bool) {
    let index =
      places.count > Int(partition) && places[Int(partition)].partition == partition
      ? Int(partition) : places.firstIndex { $0.partition == partition } ?? 0
    guard places[index].partition == partition else { return }
    places[index].position = max(places[index].position, offset)
    guard !places[index].hasSeenEnd, isEnd || offset >= places[index].firstEnd else { return }
    places[index].hasSeenEnd = true
    leftCount -= 1
  }

  private mutating func noteFailure(_ code: KafkaCode, _ words: String) {
    guard failure == nil else { return }
    if code.isAccessRefusal {
      failure = FatalFault(.accessDenied, "Topic \(topic) is not to be read any more: \(words).")
    } else if code == .unknownTopic || code == .localUnknownTopic {
      failure = FatalFault(.configuration, "Topic \(topic) is gone: \(words).")
    }
  }

  // MARK: Asking brokers. A topic that was just made is not known everywhere at once: asked until the deadline.

  private static func partitionCount(
    of topic: String, _ client: borrowing ClientHandle, before deadline: MonotonicTime
  ) throws(FatalFault) -> Int {
    guard let handle = rd_kafka_topic_new(client.raw, topic, nil) else {
      throw FatalFault(.configuration, "Topic name \(topic) was refused.")
    }
    defer { rd_kafka_topic_destroy(handle) }
    while true {
      var answer: UnsafePointer<rd_kafka_metadata>?
      var code = KafkaCode(rd_kafka_metadata(client.raw, 0, handle, &answer, askMilliseconds))
      if let answer {
        defer { rd_kafka_metadata_destroy(answer) }
        if code.isSuccess, answer.pointee.topic_cnt > 0 {
          let found = answer.pointee.topics[0]
          code = KafkaCode(found.err)
          if code.isSuccess, found.partition_cnt > 0 { return Int(found.partition_cnt) }
        }
      }
      try pause(client, code, "Topic \(topic) cannot be described", before: deadline)
    }
  }

  /// Parallel to `partitions`: the first offset, and the one behind the last record.
  private static func bounds(
    of topic: String, _ partitions: [PartitionIndex], _ client: borrowing ClientHandle,
    before deadline: MonotonicTime
  ) throws(FatalFault) -> [(low: RecordOffset, high: RecordOffset)] {
    var bounds: [(low: RecordOffset, high: RecordOffset)] = []
    while bounds.count < partitions.count {
      var low: Int64 = 0
      var high: Int64 = 0
      let code = KafkaCode(
        rd_kafka_query_watermark_offsets(
          client.raw, topic, partitions[bounds.count], &low, &high, askMilliseconds))
      if code.isSuccess {
        bounds.append((low, high))
      } else {
        try pause(client, code, "The end of \(topic) is not to be had", before: deadline)
      }
    }
    return bounds
  }

  /// Parallel to `partitions`; where no record is as young, the end.
  private static func offsets(
    at time: WallTime, of topic: String, _ partitions: [PartitionIndex], _ ends: [RecordOffset],
    _ client: borrowing ClientHandle, before deadline: MonotonicTime
  ) throws(FatalFault) -> [RecordOffset] {
    while true {
      let list = PartitionList(topic: topic, partitions, offset: max(0, time.milliseconds))
      let code = KafkaCode(rd_kafka_offsets_for_times(client.raw, list.raw, askMilliseconds))
      guard let failure = code.isSuccess ? list.firstFailure() : code else {
        return zip(partitions, ends).map { partition, end in
          let offset = list.index(of: partition).map { list.offset(at: $0) } ?? -1
          return offset >= 0 ? offset : end
        }
      }
      try pause(client, failure, "The offsets of \(topic) for a time are not to be had", before: deadline)
    }
  }

  /// Before the same thing is asked again.
  private static func pause(
    _ client: borrowing ClientHandle, _ code: KafkaCode, _ sentence: String, before deadline: MonotonicTime
  ) throws(FatalFault) {
    var words = ConnectionWords()
    words.listen(to: client)
    if let refusal = words.refusal {
      throw FatalFault(.accessDenied, "\(sentence): \(refusal).")
    }
    if code.isAccessRefusal { throw FatalFault(.accessDenied, "\(sentence): \(code.sentence).") }
    guard MonotonicTime.now < deadline else {
      if let trouble = words.tlsTrouble {
        throw FatalFault(.accessDenied, "\(sentence): \(trouble).")
      }
      let isMissing = code == .unknownTopic || code == .localUnknownTopic || code == .invalidTopic
      throw FatalFault(
        isMissing ? .configuration : .brokerUnreachable, "\(sentence): \(words.trouble ?? code.sentence).")
    }
    usleep(useconds_t(pauseMilliseconds) * 1_000)
  }
}
