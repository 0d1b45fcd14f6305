package import BridgeCore

/// Encodes outcomes: the JSON value with every member, the headers, the key.
package struct OutcomeEncoder: ~Copyable {
  /// Value, headers and key of one outcome together, in bytes.
  package static let outcomeByteLimit = 16 * 1_024
  /// A longer key becomes its SHA-256.
  package static let keyByteLimit = 4 * 1_024

  private let identity: OutcomeIdentity
  private let headerTexts: OutcomeHeaderTexts
  private var value = ByteBuffer(capacity: 2_048)
  private var headers = ByteBuffer(capacity: 1_024)

  package init(identity: OutcomeIdentity) {
    self.identity = identity
    headerTexts = OutcomeHeaderTexts(identity)
  }

  /// Appends key, value and headers to `bytes` and says where they stand.
  package mutating func encode(
    _ record: OutcomeRecord, epoch: Epoch, appendingTo bytes: inout [UInt8]
  ) -> OutcomeEntry {
    for limits in TextLimits.tries {
      value.removeAll()
      headers.removeAll()
      OutcomeValue.append(record, identity, limits, to: &value)
      headerTexts.append(record, limits, to: &headers)
      let keyByteCount = min(record.key?.count ?? 0, Self.keyByteLimit)
      if value.count + headers.count + keyByteCount <= Self.outcomeByteLimit { break }
    }
    let key = appendKey(record.key, to: &bytes)
    let valueRange = value.withBytes { Self.append($0, to: &bytes) }
    let headerRange = headers.withBytes { Self.append($0, to: &bytes) }
    return OutcomeEntry(
      partition: record.partition, epoch: epoch, offset: record.offset, key: key, value: valueRange,
      headers: headerRange)
  }

  private func appendKey(_ key: BorrowedText, to bytes: inout [UInt8]) -> TextRange {
    guard let key else { return .absent }
    guard key.count > Self.keyByteLimit else { return Self.append(key, to: &bytes) }
    let digest = Array(SHA256Text.hexadecimal(of: key).utf8)
    return digest.withUnsafeBytes { Self.append($0, to: &bytes) }
  }

  private static func append(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) -> TextRange {
    let start = bytes.count
    bytes.append(contentsOf: text)
    return TextRange(start: start, count: text.count)
  }
}

/// How many bytes of others' texts an outcome carries. Texts full of escapes grow sixfold: then it is tried again
/// with less, and the last try fits whatever they hold.
struct TextLimits {
  var id: Int
  var gatewayText: Int
  var data: Int
  var pointer: Int
  /// All copied headers together; the ones beyond are left out.
  var copiedHeaders: Int

  static let tries = [
    TextLimits(id: 256, gatewayText: 256, data: 64, pointer: 256, copiedHeaders: 4_096),
    TextLimits(id: 96, gatewayText: 96, data: 64, pointer: 32, copiedHeaders: 2_048),
    TextLimits(id: 32, gatewayText: 32, data: 32, pointer: 16, copiedHeaders: 0),
  ]
}
