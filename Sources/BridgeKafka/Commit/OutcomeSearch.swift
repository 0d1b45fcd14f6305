import BridgeCore

/// Looks whether outcomes of a group lie in the tail of result partitions, as a read_committed reader sees it.
///
/// An outcome is the group's own if its header `ce_source` names the group and `source_topic` the input topic. Looked
/// at are the last `tailOffsets` offsets of each partition, marks of transactions among them: outcomes behind more
/// than so many of other groups, in a result topic that several share, are not found, nor are those that retention
/// has removed.
struct OutcomeSearch: ~Copyable {
  /// How far back from its end a result partition is read.
  static let tailOffsets: RecordOffset = 2_000
  /// All partitions together, from the first call on.
  static let limit = TimeSpan.seconds(10)
  private static let pollSpan = TimeSpan.milliseconds(50)

  enum Ending: Sendable {
    case found([PartitionIndex: EarlierOutcomes])
    /// Nobody lets us read the result topic.
    case refused(FatalFault)
  }

  /// Of the question that it belongs to.
  let number: Int
  private let settings: KafkaSettings
  private let partitions: [PartitionIndex]
  private let deadline: MonotonicTime
  private var reader: ResultReader?
  private var answers: [PartitionIndex: EarlierOutcomes] = [:]

  init(_ settings: KafkaSettings, partitions: [PartitionIndex], number: Int) {
    self.settings = settings
    self.partitions = partitions
    self.number = number
    deadline = .now + Self.limit
    reader = nil
  }

  /// Goes on with the search for at most `span`, and as long as `goesOn`; nil if it has not come to its end.
  mutating func advance(for span: TimeSpan, while goesOn: () -> Bool) -> Ending? {
    let pause = MonotonicTime.now + span
    do throws(FatalFault) {
      try open()
    } catch {
      if error.kind == .accessDenied { return .refused(error) }
      return MonotonicTime.now < deadline ? nil : .found(ending(left: partitions))
    }
    let source = settings.outcomeSource
    let topic = settings.inputTopic
    while true {
      switch progress {
      case .failed(let fault): return fault.kind == .accessDenied ? .refused(fault) : .found(ending(left: []))
      case .reading(let left):
        if left.isEmpty { return .found(ending(left: [])) }
        if MonotonicTime.now >= deadline { return .found(ending(left: left)) }
      }
      guard goesOn(), MonotonicTime.now < pause else { return nil }
      var found: PartitionIndex?
      _ = reader?.next(within: Self.pollSpan) { record in
        if record.hasHeader("ce_source", source), record.hasHeader("source_topic", topic) {
          found = record.partition
        }
      }
      if let found { answers[found] = .found }
    }
  }

  private enum Progress {
    /// Partitions whose tail is not read and holds nothing of the group so far.
    case reading([PartitionIndex])
    case failed(FatalFault)
  }

  private var progress: Progress {
    switch reader {
    case .some(let reader):
      if let fault = reader.failure { return .failed(fault) }
      return .reading(reader.partitionsBeforeEnd.filter { answers[$0] == nil })
    case .none: return .reading([])
    }
  }

  private var isOpen: Bool {
    switch reader {
    case .some: true
    case .none: false
    }
  }

  private mutating func open() throws(FatalFault) {
    guard !isOpen else { return }
    let source = ResultReader.Source(
      bootstrapServers: settings.bootstrapServers, properties: settings.properties,
      topic: settings.resultTopic)
    let count = try ResultReader.partitionCount(source, timeout: KafkaTimes.slice)
    for partition in partitions where partition >= count { answers[partition] = .partitionMissing }
    var present = source
    present.partitions = partitions.filter { $0 < count }
    // Without partitions nothing is read.
    guard present.partitions?.isEmpty == false else { return }
    reader = try ResultReader(present, from: .tail(offsetCount: Self.tailOffsets), timeout: KafkaTimes.slice)
  }

  private func ending(left: [PartitionIndex]) -> [PartitionIndex: EarlierOutcomes] {
    var all = answers
    for partition in left where all[partition] == nil { all[partition] = .unread }
    return all
  }
}

extension ReadRecord {
  fileprivate func hasHeader(_ name: String, _ text: String) -> Bool {
    header(name)?.elementsEqual(text.utf8) ?? false
  }
}
