package import BridgeCore

/// Writes outcomes as they go to the result topic: key, JSON value and headers. Reused for every outcome of a worker;
/// an outcome is never larger than `byteLimit`, whatever stood in the event, the answer and the headers.
package struct OutcomeEncoder: ~Copyable {
  /// Key, value and headers of one outcome together.
  package static var byteLimit: Int { OutcomeLimits.outcomeByteLimit }

  let fragments: OutcomeFragments
  var limits = OutcomeLimits.usual
  var value = ByteBuffer(capacity: 2_048)
  var headers = ByteBuffer(capacity: 1_024)
  var scratch = ByteBuffer(capacity: 2_048)
  var screen = EchoScreen()

  package init(identity: OutcomeIdentity) {
    fragments = OutcomeFragments(identity)
  }

  /// Appends key, value and headers of one outcome to `bytes`; the entry says where they stand there.
  package mutating func encode(
    _ record: OutcomeRecord, epoch: Epoch, appendingTo bytes: inout [UInt8]
  ) -> OutcomeEntry {
    limits = .usual
    compose(record)
    let keySize = Self.keySize(record.key)
    if keySize + value.count + headers.count > OutcomeLimits.outcomeByteLimit {
      limits = .tight
      compose(record)
    }
    let key = appendKey(record.key, to: &bytes)
    return OutcomeEntry(
      partition: record.partition, epoch: epoch, offset: record.offset, key: key,
      value: Self.move(value, to: &bytes), headers: Self.move(headers, to: &bytes))
  }

  private mutating func compose(_ record: OutcomeRecord) {
    value.removeAll()
    headers.removeAll()
    appendValue(record)
    appendHeaders(record)
  }

  private static func move(_ buffer: borrowing ByteBuffer, to bytes: inout [UInt8]) -> TextRange {
    let start = bytes.count
    buffer.withBytes { bytes.append(contentsOf: $0) }
    return TextRange(start: start, count: bytes.count - start)
  }

  private static func keySize(_ key: BorrowedText) -> Int {
    guard let key else { return 0 }
    return key.count <= OutcomeLimits.keyByteLimit ? key.count : TextDigest.hexadecimalSize
  }

  private mutating func appendKey(_ key: BorrowedText, to bytes: inout [UInt8]) -> TextRange {
    guard let key else { return .absent }
    let start = bytes.count
    if key.count <= OutcomeLimits.keyByteLimit {
      bytes.append(contentsOf: key)
    } else {
      scratch.removeAll()
      TextDigest(of: key).appendHexadecimal(digits: TextDigest.hexadecimalSize, to: &scratch)
      scratch.withBytes { bytes.append(contentsOf: $0) }
    }
    return TextRange(start: start, count: bytes.count - start)
  }
}
