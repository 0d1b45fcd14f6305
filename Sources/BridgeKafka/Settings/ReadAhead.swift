internal import CRdKafka

/// What the client library keeps of each partition before the loop takes it.
///
/// A partition that has as much is not asked for more. The library's thread then sleeps, and nothing that the loop
/// takes out wakes it (2.0.2): it looks again after a second, or when an answer comes from the same broker. Less than
/// a second's records for all partitions together is therefore a limit of speed: 1 000 were 2 100 events/s of one
/// partition.
struct ReadAhead: Equatable {
  let records: Int
  let kibibytes: Int

  /// Shared by the partitions: more than a second's work of two processors, and memory that a worker can have.
  private static let recordsInAll = 24_000
  private static let kibibytesInAll = 12 * 1_024
  /// With many partitions each still has so much, for a worker that owns few of them.
  private static let leastRecords = 1_000
  private static let leastKibibytes = 512
  /// Where the library lets it be told: 2.3 and later.
  private static let pauseMilliseconds = 50
  private static let firstVersionWithPause: Int32 = 0x02_03_00_00

  /// For a topic with so many partitions.
  init(partitionCount: Int) {
    records = max(Self.leastRecords, Self.recordsInAll / max(1, partitionCount))
    kibibytes = max(Self.leastKibibytes, Self.kibibytesInAll / max(1, partitionCount))
  }

  func properties(libraryVersion: Int32 = rd_kafka_version()) -> [(String, String)] {
    let limits = [("queued.min.messages", "\(records)"), ("queued.max.messages.kbytes", "\(kibibytes)")]
    guard libraryVersion >= Self.firstVersionWithPause else { return limits }
    return limits + [("fetch.queue.backoff.ms", "\(Self.pauseMilliseconds)")]
  }
}
