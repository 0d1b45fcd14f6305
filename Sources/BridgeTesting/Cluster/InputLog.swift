import BridgeCore

/// The input topic: events with a name each, and gaps where a real log has transaction markers.
final class InputLog {
  struct Record {
    var offset: RecordOffset
    var lane: Int
    var key: [UInt8]
    /// Nil for a tombstone.
    var value: [UInt8]?
    var isValid: Bool
    /// Milliseconds since 1970.
    var timestamp: Int64
    /// The gateway refuses everything that this caller sends.
    var isOfBadCaller: Bool
  }

  struct Partition {
    var records: [Record] = []
    /// Behind the last record or marker.
    var end: RecordOffset = 0

    /// Index of the first record at or behind `offset`.
    func index(of offset: RecordOffset) -> Int {
      var low = 0
      var high = records.count
      while low < high {
        let middle = (low + high) / 2
        if records[middle].offset < offset { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private(set) var partitions: [Partition]
  private(set) var appendedCount = 0

  init(partitionCount: Int) { partitions = Array(repeating: Partition(), count: partitionCount) }

  /// Appends a record behind a gap, and perhaps a marker behind it.
  func append(in world: World) -> Int {
    let partition = Int(world.upTo(Int64(partitions.count - 1)))
    let lane = Int(world.upTo(Int64(world.plan.laneCount - 1)))
    let gap = world.upTo(5) == 0 ? world.upTo(3) : world.upTo(400) == 0 ? 120_000 : 0
    let offset = partitions[partition].end + gap
    let kind = world.upTo(24)
    let isOfBadCaller = world.plan.hasBadCaller && lane % 3 == 0
    let value =
      kind == 0
      ? nil : Self.value(partition, offset, lane, hasContent: kind > 1, isOfBadCaller: isOfBadCaller)
    partitions[partition].records.append(
      Record(
        offset: offset, lane: lane, key: Self.keys[lane], value: value, isValid: kind > 1,
        timestamp: world.moment.wall.milliseconds, isOfBadCaller: isOfBadCaller))
    partitions[partition].end = offset + 1 + (world.upTo(3) == 0 ? 1 : 0)
    appendedCount += 1
    return partition
  }

  private static let keys: [[UInt8]] = (0..<64).map { Array("s-\($0)".utf8) }
  private static let opening = Array(#"{"message_id":"m-"#.utf8)
  private static let middle = Array(#"","sid":""#.utf8)
  private static let content = Array(#"","content":"hello"#.utf8)
  private static let caller = Array(#"","caller":{"corp_id":"bad"},"x":""#.utf8)
  private static let ending = Array(
    #"","session_source":"XSpace","content_type":1,"bu_id":"100"}"#.utf8)

  private static func value(
    _ partition: Int, _ offset: RecordOffset, _ lane: Int, hasContent: Bool, isOfBadCaller: Bool
  ) -> [UInt8] {
    var value = opening
    value.reserveCapacity(160)
    appendDecimal(Int64(partition), to: &value)
    value.append(UInt8(ascii: "-"))
    appendDecimal(offset, to: &value)
    value += middle
    value += keys[lane]
    if hasContent { value += content }
    if isOfBadCaller { value += caller }
    value += ending
    return value
  }

  private static func appendDecimal(_ number: Int64, to bytes: inout [UInt8]) {
    if number >= 10 { appendDecimal(number / 10, to: &bytes) }
    bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
  }
}
