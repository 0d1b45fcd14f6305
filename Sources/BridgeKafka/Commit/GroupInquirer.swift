import BridgeCore
import CRdKafka

/// Reads what the group has committed and where the input topic begins and ends, as a read_committed reader sees it.
/// Its client has the group's name but never joins it: asking for committed offsets needs no membership.
struct GroupInquirer: ~Copyable {
  /// What one partition has committed.
  struct Committed: Sendable {
    var offset: RecordOffset?
    var metadata: [UInt8]
  }

  private let client: ClientHandle
  private let settings: KafkaSettings

  init(_ settings: KafkaSettings, notices: KafkaNotices) throws(FatalFault) {
    self.settings = settings
    client = try settings.makeInquirer(observer: ClientObserver(notices: notices))
  }

  /// Parallel to `partitions`. An answer counts only if the call and every partition are without error: anything else
  /// is no answer. A transaction that is still open shows as an error here.
  borrowing func committed(_ partitions: [PartitionIndex], within span: TimeSpan) -> Result<
    [Committed], KafkaFailure
  > {
    let list = PartitionList(topic: settings.inputTopic, partitions, offset: -1)
    let code = KafkaCode(rd_kafka_committed(client.raw, list.raw, Int32(clamping: span.milliseconds)))
    client.reportEvents()
    if let failure = Self.failure(code, list) { return .failure(failure) }
    var answers: [Committed] = []
    answers.reserveCapacity(partitions.count)
    for partition in partitions {
      guard let index = list.index(of: partition) else {
        return .failure(KafkaFailure(.timedOut, "a partition is missing in the answer"))
      }
      let offset = list.offset(at: index)
      answers.append(Committed(offset: offset >= 0 ? offset : nil, metadata: list.metadata(at: index)))
    }
    return .success(answers)
  }

  /// Parallel to `partitions`: the offset that Kafka answers for a time in milliseconds, or for one of its special
  /// times; nil if no record is as young.
  borrowing func offsets(
    at time: Int64, of partitions: [PartitionIndex], within span: TimeSpan
  ) -> Result<[RecordOffset?], KafkaFailure> {
    let list = PartitionList(topic: settings.inputTopic, partitions, offset: time)
    let code = KafkaCode(
      rd_kafka_offsets_for_times(client.raw, list.raw, Int32(clamping: span.milliseconds)))
    client.reportEvents()
    if let failure = Self.failure(code, list) { return .failure(failure) }
    return .success(
      partitions.map { partition in
        guard let index = list.index(of: partition), list.offset(at: index) >= 0 else { return nil }
        return list.offset(at: index)
      })
  }

  /// Keeps the errors of an idle client from piling up.
  borrowing func serve() { client.reportEvents() }

  /// Kafka's special time for the first offset of the log.
  static let logStart: Int64 = -2
  /// For the offset behind the last record that is visible.
  static let logEnd: Int64 = -1

  private static func failure(_ code: KafkaCode, _ list: borrowing PartitionList) -> KafkaFailure? {
    if !code.isSuccess { return KafkaFailure(code, code.sentence) }
    return list.firstFailure().map { KafkaFailure($0, $0.sentence) }
  }
}

extension KafkaFailure: Error {}
