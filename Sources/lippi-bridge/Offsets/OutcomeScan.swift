internal import BridgeCore
internal import BridgeKafka
internal import ResultTopic

/// Which records of one input partition have an outcome, as a read_committed reader sees it.
struct OutcomeScan {
  /// Offsets from `start` on that have an outcome of the group.
  private(set) var resolved: OffsetSet
  /// Records from `start` on, up to the highest of those, that have none; ascending.
  private(set) var open: [RecordOffset] = []

  /// Reading is given up when nothing comes for that long.
  private static let silenceLimit = TimeSpan.seconds(30)
  private static let pollSpan = TimeSpan.milliseconds(100)

  private let settings: KafkaSettings
  private let partition: PartitionIndex
  /// When the record with the highest outcome was taken by Kafka, as the outcome says; nil if it does not.
  private var highestTimestamp: Int64?

  /// Reads the result partition, then the input partition from the first offset that has no outcome.
  /// - Throws: also if the outcomes are not of these records.
  init(
    _ settings: KafkaSettings, _ partition: PartitionIndex, from start: RecordOffset,
    below logEnd: RecordOffset
  ) throws(FatalFault) {
    self.settings = settings
    self.partition = partition
    resolved = OffsetSet(from: start)
    try readOutcomes()
    // Outcomes of offsets that are not there are not of this topic: whoever decides says so.
    guard let highest = resolved.highest, highest < logEnd else { return }
    try readRecords(from: min(resolved.firstGap, highest), to: highest)
  }

  private mutating func readOutcomes() throws(FatalFault) {
    var outcomes = OffsetSet(from: resolved.start)
    var isTooWide = false
    var timestamp: Int64?
    var reading = OutcomeReading()
    let source = settings.outcomeSource
    let topic = settings.inputTopic
    let partition = partition
    try Self.read(settings, topic: settings.resultTopic, partition, from: .beginning) { record in
      guard record.text("ce_source") == source, record.text("source_topic") == topic,
        record.text("source_partition") == "\(partition)",
        let offset = record.text("source_offset").flatMap({ RecordOffset($0) }), offset >= 0
      else { return true }
      if offset >= outcomes.highest ?? 0 {
        timestamp = reading.read(record.value) { members, _ in members.text("source", "timestamp") }
          .flatMap { $0 }.flatMap { Int64($0) }
      }
      if !outcomes.insert(offset) { isTooWide = true }
      return !isTooWide
    }
    guard !isTooWide else {
      throw FatalFault(
        .configuration,
        "Outcomes of partition \(partition) reach over more than \(OffsetSet.spanLimit) offsets: say with --from where "
          + "to begin.")
    }
    resolved = outcomes
    highestTimestamp = timestamp
  }

  private mutating func readRecords(from start: RecordOffset, to highest: RecordOffset) throws(FatalFault) {
    var found: [RecordOffset] = []
    var isAnother = false
    let outcomes = resolved
    let expected = highestTimestamp
    try Self.read(settings, topic: settings.inputTopic, partition, from: .offset(start)) { record in
      if record.offset <= highest, !outcomes.contains(record.offset) { found.append(record.offset) }
      if record.offset == highest, let expected, let timestamp = record.timestamp {
        isAnother = timestamp.milliseconds != expected
      }
      return record.offset < highest
    }
    guard !isAnother else {
      throw FatalFault(
        .configuration,
        "The outcome of offset \(highest) of partition \(partition) is of a record with another timestamp: the topic was "
          + "made anew, and its outcomes are of the old one. Use lippi-bridge offsets adopt --at OFFSET.")
    }
    open = found
  }

  /// Reads one partition to its present end, as long as `visit` wants more.
  private static func read(
    _ settings: KafkaSettings, topic: String, _ partition: PartitionIndex, from start: ResultReader.Start,
    _ visit: (ReadRecord) -> Bool
  ) throws(FatalFault) {
    var reader = try ResultReader(
      ResultReader.Source(
        bootstrapServers: settings.bootstrapServers, properties: settings.properties, topic: topic,
        partitions: [partition]), from: start, timeout: settings.startupTimeout)
    var heardAt = WorkerClock.now().monotonic
    var wantsMore = true
    while wantsMore, !reader.hasReadToFirstEnd {
      if reader.next(within: pollSpan, { wantsMore = visit($0) }) {
        heardAt = WorkerClock.now().monotonic
        continue
      }
      if let failure = reader.failure { throw failure }
      guard WorkerClock.now().monotonic - heardAt < silenceLimit else {
        throw FatalFault(
          .brokerUnreachable,
          "Partition \(partition) of \(topic) could not be read to its end: nothing came for "
            + "\(silenceLimit.milliseconds / 1_000) s.")
      }
    }
  }
}

extension ReadRecord {
  fileprivate func text(_ name: String) -> String? {
    header(name).map { String(decoding: $0, as: UTF8.self) }
  }
}
