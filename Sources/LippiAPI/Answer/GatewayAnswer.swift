package import BridgeCore

/// What a complete answer said, for the outcome; texts are ranges into `text`, raw as they came (unescaped UTF-8,
/// cut at `textLimit`). Reused per slot.
package struct GatewayAnswer: ~Copyable {
  /// Bytes kept of each text; outcomes cut further.
  package static let textLimit = 1_024

  package var text = ByteBuffer(capacity: 256)
  /// Nil if nothing was answered yet.
  package var httpStatus: Int?
  /// `error_response.code`.
  package var code: Int64?
  package var message = TextRange.absent
  package var subCode = TextRange.absent
  package var subMessage = TextRange.absent
  /// `result.code`, `.msg`, `.data`.
  package var resultCode = TextRange.absent
  package var resultMessage = TextRange.absent
  package var data = TextRange.absent
  package var requestID = TextRange.absent

  package init() {}

  package var isPresent: Bool { httpStatus != nil }

  package mutating func reset() {
    text.removeAll()
    httpStatus = nil
    code = nil
    message = .absent
    subCode = .absent
    subMessage = .absent
    resultCode = .absent
    resultMessage = .absent
    data = .absent
    requestID = .absent
  }
}
