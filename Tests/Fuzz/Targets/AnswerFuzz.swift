internal import BridgeCore
internal import LippiAPI

@testable internal import BridgeHTTP

/// Answers: cut into pieces, parsed, classified. Input is what a connection brings; it is classified as a bare body,
/// too.
enum AnswerFuzz {
  nonisolated(unsafe) private static var classifier = AnswerClassifier(rules: RuleTable())
  nonisolated(unsafe) private static var answer = GatewayAnswer()
  private static let bodyByteLimit = 4_096

  static func run(_ input: UnsafeRawBufferPointer) {
    let whole = parse(input, seed: nil)
    let cut = parse(input, seed: digest(input))
    require(whole.end == cut.end, "whole \(whole.end), in pieces \(cut.end)")
    require(whole.head == cut.head, "whole \(whole.head), in pieces \(cut.head)")
    require(whole.body == cut.body, "the pieces have another body")
    require(whole.body.count <= bodyByteLimit, "a body of \(whole.body.count) bytes")
    if case .complete(let consumed) = whole.end {
      require(consumed <= input.count, "\(consumed) of \(input.count) bytes were taken")
      require((200...999).contains(whole.head.status), "status \(whole.head.status)")
      whole.body.withUnsafeBytes { classify($0, status: whole.head.status) }
    }
    for status in [200, 403, 413, 503] { classify(input, status: status) }
  }

  private struct Parsed {
    var end: AnswerParser.Progress
    var head: AnswerHead
    var body: [UInt8]
  }

  /// - Parameter seed: of the lengths of the pieces; nil for one piece.
  private static func parse(_ input: UnsafeRawBufferPointer, seed: UInt64?) -> Parsed {
    var parser = AnswerParser(bodyByteLimit: bodyByteLimit)
    var body = ByteBuffer(capacity: 256)
    var state = seed ?? 0
    var position = 0
    var end = AnswerParser.Progress.needsMore
    feed: while position < input.count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let length = seed == nil ? input.count : min(input.count - position, 1 + Int(state >> 33) % 24)
      switch parser.consume(
        UnsafeRawBufferPointer(rebasing: input[position..<(position + length)]), into: &body)
      {
      case .needsMore: position += length
      case .complete(let consumed):
        end = .complete(consumed: position + consumed)
        break feed
      case .faulty(let fault):
        end = .faulty(fault)
        break feed
      }
    }
    if end == .needsMore {
      end = parser.connectionEnded()
      if case .complete = end { end = .complete(consumed: input.count) }
    }
    // What came before a fault is nobody's answer, and depends on the pieces.
    if case .faulty = end { return Parsed(end: end, head: AnswerHead(), body: []) }
    return Parsed(end: end, head: parser.head, body: body.withBytes { Array($0) })
  }

  private static func classify(_ body: UnsafeRawBufferPointer, status: Int) {
    let verdict = classifier.classify(status: status, retryAfterSeconds: 7, body: body, into: &answer)
    require((verdict.ruling == .delivered) == (verdict.effect == .done), "\(verdict)")
    require(verdict.ruling != .unknown || verdict.effect == .unknown, "\(verdict)")
    require(verdict.banSeconds == nil || verdict.ruling == .flowControl, "\(verdict)")
    require(verdict.banSeconds ?? 0 >= 0, "\(verdict)")
    require(answer.httpStatus == status, "the answer has another status")
    let texts = [
      answer.message, answer.subCode, answer.subMessage, answer.resultCode, answer.resultMessage, answer.data,
      answer.requestID,
    ]
    requireTexts(of: texts, within: answer.text)
    require(texts.allSatisfy { $0.count <= GatewayAnswer.textLimit }, "a text over its limit")
  }

  /// FNV-1a.
  private static func digest(_ input: UnsafeRawBufferPointer) -> UInt64 {
    input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
