import BridgeCore

/// Encoded outcomes in completion order, waiting for a batch.
struct Outbox {
  private(set) var entries: [OutcomeEntry] = []
  var bytes: [UInt8] = []

  var count: Int { entries.count }

  /// The entry's texts have been appended to `bytes`.
  mutating func append(_ entry: OutcomeEntry) { entries.append(entry) }

  mutating func removeAll() { self = Outbox() }

  mutating func removeAll(where isDropped: (OutcomeEntry) -> Bool) { entries.removeAll(where: isDropped) }

  /// Takes the longest prefix within the limits of a batch.
  mutating func takeBatch() -> (entries: [OutcomeEntry], bytes: [UInt8]) {
    if entries.count <= DeliveryLimits.outcomesPerBatch, bytes.count <= DeliveryLimits.bytesPerBatch {
      let taken = (entries, bytes)
      entries = []
      bytes = []
      // Outcomes come steadily: the next batch will be of a similar size.
      entries.reserveCapacity(taken.0.count)
      bytes.reserveCapacity(taken.1.count)
      return taken
    }
    var count = 0
    var end = 0
    while count < min(entries.count, DeliveryLimits.outcomesPerBatch) {
      let nextEnd = entries[count].lastByte
      guard nextEnd <= DeliveryLimits.bytesPerBatch || count == 0 else { break }
      end = nextEnd
      count += 1
    }
    let taken = (Array(entries[..<count]), Array(bytes[..<end]))
    entries = entries[count...].map { $0.shifted(by: -end) }
    bytes = Array(bytes[end...])
    return taken
  }

  /// Outcomes of a batch that was not committed come back in front, in their order.
  mutating func putBack(
    _ returned: [OutcomeEntry], bytes returnedBytes: [UInt8], breaking rule: BrokenRule? = nil
  ) {
    guard !returned.isEmpty else { return }
    if rule == .putsFailedOutcomesBehind {
      entries += returned.map { $0.shifted(by: bytes.count) }
      bytes += returnedBytes
      return
    }
    entries = returned + entries.map { $0.shifted(by: returnedBytes.count) }
    bytes = returnedBytes + bytes
  }
}

extension OutcomeEntry {
  /// The same texts at the end of `bytes`.
  func copied(from source: [UInt8], to bytes: inout [UInt8]) -> OutcomeEntry {
    func copy(_ range: TextRange) -> TextRange {
      guard range.isPresent else { return .absent }
      let start = bytes.count
      bytes += source[range.start..<range.end]
      return TextRange(start: start, count: range.count)
    }
    var copied = self
    copied.key = copy(key)
    copied.value = copy(value)
    copied.headers = copy(headers)
    return copied
  }

  fileprivate var lastByte: Int { max(key.isPresent ? key.end : 0, value.end, headers.end) }

  fileprivate func shifted(by distance: Int) -> OutcomeEntry {
    var moved = self
    moved.key = key.shifted(by: distance)
    moved.value = value.shifted(by: distance)
    moved.headers = headers.shifted(by: distance)
    return moved
  }
}
