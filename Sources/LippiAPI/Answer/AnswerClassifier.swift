package import BridgeCore
import CSimdjson
import ChatEvents

/// Turns what an attempt ended with into a verdict. A complete answer with an envelope is judged by the envelope,
/// whatever its HTTP status says; without one the status decides.
package struct AnswerClassifier: ~Copyable {
  /// Answers are flat; whatever nests deeper is no envelope.
  private static let depthLimit: UInt32 = 32

  private let rules: RuleTable
  private var reader = JSONReader(depthLimit: AnswerClassifier.depthLimit)

  package init(rules: RuleTable) { self.rules = rules }

  /// Classifies a complete answer and keeps its texts in `answer`. A ban lasts as long as `sub_msg` says, else as long
  /// as `Retry-After` does (seconds).
  package mutating func classify(
    status: Int, retryAfterSeconds: Int64?, body: UnsafeRawBufferPointer, into answer: inout GatewayAnswer
  ) -> Verdict {
    answer.reset()
    answer.httpStatus = status
    return reader.read(body) { readStatus, tokens in
      var envelope = AnswerFacts.Envelope.none
      var banSeconds: Int64?
      if readStatus == CSIMDJSON_OK {
        let reading = EnvelopeReading(tokens: tokens, httpStatus: status)
        envelope = reading.read(into: &answer)
        banSeconds = reading.firstInteger(of: "sub_msg")
      }
      let rule = rules.rule(for: AnswerFacts(httpStatus: status, envelope: envelope))
      let isBan = rule.ruling == .flowControl
      return Verdict(
        rule.ruling, effect: rule.effect, refuser: rule.refuser,
        banSeconds: isBan ? banSeconds ?? retryAfterSeconds : nil, retryAfterSeconds: retryAfterSeconds)
    }
  }

  /// Classifies an attempt by how it ended; an answer's text is needed for `answered`.
  package func classify(ending: AttemptEnding) -> Verdict {
    switch ending {
    case .notSent: Verdict(.temporary, effect: .none)
    case .unanswered, .answered: Verdict(.temporary, effect: .unknown)
    }
  }
}
