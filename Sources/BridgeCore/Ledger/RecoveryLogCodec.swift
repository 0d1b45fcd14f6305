/// Recovery log ↔ metadata of an offset commit: base64url of
/// version (1 byte), CRC-32 of all that follows (4), token (4 + 4), fingerprint (4), then varints: C, K − C, first
/// partition count, 0 or highest published − C + 1, form of the unresolved set (0 none, 1 deltas, 2 bits), set.
package enum RecoveryLogCodec {
  /// Kafka's default for `offset.metadata.max.bytes`; a longer text is refused by the broker.
  package static let characterLimit = 4_096
  static let version: UInt8 = 1
  /// Larger offsets and distances are damage: no topic has them, and nothing that is added to one can overflow.
  static let offsetLimit: UInt64 = 1 << 61

  /// The most bytes that everything but the set of unresolved records takes, the set's own count included.
  private static let fixedByteCount = 1 + 4 + 12 + 9 + 9 + 5 + 9 + 1 + 3

  /// Bytes that are left for the set of unresolved records in a text of that length.
  static func setByteRoom(inCharacters count: Int) -> Int { count * 3 / 4 - fixedByteCount }

  private enum SetForm: UInt8 {
    case none = 0
    case deltas = 1
    case bits = 2
  }

  /// Nil if it does not fit into `limit` characters: never truncated.
  package static func encode(_ log: RecoveryLog, limit: Int = characterLimit) -> [UInt8]? {
    var body: [UInt8] = []
    body.reserveCapacity(64 + log.unresolved.count * 2)
    appendFixed(log.token.process, to: &body)
    appendFixed(log.token.counter, to: &body)
    appendFixed(log.validityFingerprint, to: &body)
    appendVarint(UInt64(log.committedOffset), to: &body)
    appendVarint(UInt64(log.ceiling - log.committedOffset), to: &body)
    appendVarint(UInt64(log.firstPartitionCount), to: &body)
    appendVarint(log.highestPublished.map { UInt64($0 - log.committedOffset + 1) } ?? 0, to: &body)
    appendSet(log, to: &body)
    var bytes: [UInt8] = [version]
    appendFixed(CRC32.checksum(of: body[...]), to: &bytes)
    bytes += body
    let text = Base64.url.encode(bytes)
    return text.count <= limit ? text : nil
  }

  /// Nil if it is not ours, of a version that this release cannot read, or damaged.
  package static func decode(_ metadata: [UInt8]) -> RecoveryLog? {
    guard let bytes = Base64.url.decode(metadata), bytes.count > 5, bytes[0] == version else { return nil }
    var reader = Reader(bytes: bytes, position: 1)
    guard let checksum = reader.fixed(), checksum == CRC32.checksum(of: bytes[5...]),
      let process = reader.fixed(), let counter = reader.fixed(), let fingerprint = reader.fixed(),
      let committed = reader.offset(), let ceilingDistance = reader.offset(),
      let partitionCount = reader.varint(), partitionCount <= UInt64(Int32.max),
      let publishedDistance = reader.offset()
    else { return nil }
    let (ceiling, overflow) = committed.addingReportingOverflow(ceilingDistance)
    let (published, publishedOverflow) = committed.addingReportingOverflow(publishedDistance)
    guard !overflow, !publishedOverflow else { return nil }
    let highestPublished = publishedDistance == 0 ? nil : published - 1
    guard let unresolved = reader.set(from: committed, below: highestPublished ?? committed), reader.isAtEnd
    else { return nil }
    return RecoveryLog(
      token: WriterToken(process: process, counter: counter), committedOffset: committed, ceiling: ceiling,
      highestPublished: highestPublished, unresolved: unresolved,
      firstPartitionCount: Int32(partitionCount), validityFingerprint: fingerprint)
  }

  /// The writer of a committed recovery log, if it is one.
  package static func token(of metadata: [UInt8]) -> WriterToken? { decode(metadata)?.token }

  // MARK: Writing

  private static func appendSet(_ log: RecoveryLog, to body: inout [UInt8]) {
    guard !log.unresolved.isEmpty, let highest = log.highestPublished else {
      body.append(SetForm.none.rawValue)
      return
    }
    var deltas: [UInt8] = []
    var expected = log.committedOffset
    for offset in log.unresolved {
      appendVarint(UInt64(offset - expected), to: &deltas)
      expected = offset + 1
    }
    let bitByteCount = Int((highest - log.committedOffset + 7) / 8)
    if bitByteCount < deltas.count {
      var bits = [UInt8](repeating: 0, count: bitByteCount)
      for offset in log.unresolved {
        let distance = Int(offset - log.committedOffset)
        bits[distance / 8] |= 1 << UInt8(distance % 8)
      }
      body.append(SetForm.bits.rawValue)
      body += bits
    } else {
      body.append(SetForm.deltas.rawValue)
      appendVarint(UInt64(log.unresolved.count), to: &body)
      body += deltas
    }
  }

  private static func appendFixed(_ number: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func appendVarint(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  // MARK: Reading

  private struct Reader {
    var bytes: [UInt8]
    var position: Int

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() -> UInt8? {
      guard position < bytes.count else { return nil }
      position += 1
      return bytes[position - 1]
    }

    mutating func fixed() -> UInt32? {
      guard position + 4 <= bytes.count else { return nil }
      position += 4
      return bytes[(position - 4)..<position].reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func varint() -> UInt64? {
      var number: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 63, by: 7) {
        guard let next = byte() else { return nil }
        number |= UInt64(next & 0x7F) << shift
        if next < 0x80 { return number }
      }
      return nil
    }

    mutating func offset() -> RecordOffset? {
      varint().flatMap { $0 <= RecoveryLogCodec.offsetLimit ? RecordOffset($0) : nil }
    }

    /// Ascending offsets from `start` on, all below `bound`.
    mutating func set(from start: RecordOffset, below bound: RecordOffset) -> [RecordOffset]? {
      guard let form = byte().flatMap(SetForm.init(rawValue:)) else { return nil }
      switch form {
      case .none:
        return []
      case .deltas:
        guard let count = varint(), count <= UInt64(bytes.count - position) else { return nil }
        var offsets: [RecordOffset] = []
        offsets.reserveCapacity(Int(count))
        var expected = start
        for _ in 0..<count {
          guard let distance = offset() else { return nil }
          let (next, overflow) = expected.addingReportingOverflow(distance)
          guard !overflow, next < bound else { return nil }
          offsets.append(next)
          expected = next + 1
        }
        return offsets
      case .bits:
        var offsets: [RecordOffset] = []
        var first = start
        while let bits = byte() {
          for bit in 0..<8 where bits & (1 << UInt8(bit)) != 0 {
            let offset = first + RecordOffset(bit)
            guard offset < bound else { return nil }
            offsets.append(offset)
          }
          first += 8
        }
        return offsets
      }
    }
  }
}
