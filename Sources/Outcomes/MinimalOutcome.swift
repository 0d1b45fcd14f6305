package import BridgeCore

/// The form of an outcome that is published when Kafka refused the full one: the same members, without what the gateway
/// said, the problems' list, the attempts' log and the copied headers; a long key becomes its digest.
package enum MinimalOutcome {
  /// Longer keys become their digest here.
  private static let keyByteLimit = 64

  /// Appends the minimal form of an entry that `OutcomeEncoder` wrote into `source`. Nil for any other entry, which has
  /// no minimal form.
  package static func append(
    _ entry: OutcomeEntry, from source: [UInt8], to bytes: inout [UInt8]
  ) -> OutcomeEntry? {
    source.withUnsafeBytes { source in
      guard let pieces = valuePieces(of: slice(source, entry.value)) else { return nil }
      var minimal = entry
      if entry.key.isPresent {
        minimal.key = store(&bytes) { buffer in
          let key = slice(source, entry.key)
          if key.count <= keyByteLimit {
            buffer.append(key)
          } else {
            TextDigest(of: key).appendHexadecimal(digits: TextDigest.hexadecimalSize, to: &buffer)
          }
        }
      }
      minimal.value = store(&bytes) { buffer in
        buffer.append(pieces.identity)
        buffer.append(",\"gateway\":null")
        buffer.append(pieces.error)
        if pieces.hasProblems { buffer.append(",\"problems\":[]") }
        buffer.append(pieces.counts)
        buffer.append(",\"attempt_log\":[]")
        buffer.append(pieces.rest)
      }
      minimal.headers = store(&bytes) { buffer in
        HeaderBlock.forEach(in: slice(source, entry.headers)) { name, value in
          if OutcomeHeaders.isOwn(name) { HeaderBlock.append(name: name, value: value, to: &buffer) }
        }
      }
      return minimal
    }
  }

  private struct ValuePieces {
    var identity: UnsafeRawBufferPointer
    var error: UnsafeRawBufferPointer
    var hasProblems: Bool
    var counts: UnsafeRawBufferPointer
    var rest: UnsafeRawBufferPointer
  }

  /// A name with its quotation marks cannot stand inside a JSON string, where they are escaped: it is where the member
  /// begins.
  private static func valuePieces(of value: UnsafeRawBufferPointer) -> ValuePieces? {
    guard let gateway = find(",\"gateway\":", in: value, from: 0),
      let error = find(",\"error\":", in: value, from: gateway),
      let warnings = find(",\"warnings\":", in: value, from: error),
      let log = find(",\"attempt_log\":", in: value, from: warnings),
      let received = find(",\"received_at\":", in: value, from: log)
    else { return nil }
    func piece(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer { .init(rebasing: value[start..<end]) }
    let problems = find(",\"problems\":", in: value, from: error)
    let total = problems.flatMap { find(",\"problems_total\":", in: value, from: $0) }
    return ValuePieces(
      identity: piece(0, gateway), error: piece(error, problems ?? warnings), hasProblems: problems != nil,
      counts: piece(total ?? warnings, log), rest: piece(received, value.count))
  }

  private static func find(_ name: StaticString, in value: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    var position = start
    while position + name.count <= value.count {
      if value[position..<position + name.count].elementsEqual(name) { return position }
      position += 1
    }
    return nil
  }

  private static func slice(_ source: UnsafeRawBufferPointer, _ range: TextRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: source[range.start..<range.end])
  }

  private static func store(_ bytes: inout [UInt8], _ write: (inout ByteBuffer) -> Void) -> TextRange {
    var buffer = ByteBuffer(capacity: 4_096)
    write(&buffer)
    let start = bytes.count
    buffer.withBytes { bytes.append(contentsOf: $0) }
    return TextRange(start: start, count: bytes.count - start)
  }
}
