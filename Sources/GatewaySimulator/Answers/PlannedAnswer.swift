/// An answer that is decided and not yet written.
struct PlannedAnswer {
  var content: AnswerContent
  var status = 200
  /// Goes into a `Retry-After`.
  var retryAfterSeconds: Int64?

  static let delivered = PlannedAnswer(content: .delivered)

  static func refused(_ refusal: Refusal) -> PlannedAnswer { PlannedAnswer(content: .refused(refusal)) }
}

/// What stands in the body of an answer. Texts that are empty stay out of it.
enum AnswerContent {
  case delivered
  case refused(Refusal)
  case error(code: Int, subCode: [UInt8], subMessage: [UInt8])
  /// The backend was reached and refused.
  case backendRefused(code: [UInt8], message: [UInt8])
  /// A proxy answered in the gateway's place.
  case page
  /// Whatever somebody wanted to see.
  case text([UInt8])
}
