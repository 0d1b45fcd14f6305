/// Why an attempt ended without a complete answer; for logs and for people, never for the effect.
package enum TransportFault: UInt8, Sendable, CaseIterable {
  /// The peer closed before the end of the answer.
  case closed
  /// The peer reset the connection.
  case reset
  /// The total deadline of the attempt passed.
  case deadline
  /// What came is not an HTTP/1.1 answer.
  case malformedAnswer
  /// The answer is larger than `gateway.max_answer_bytes`.
  case answerTooLarge
  /// Shut down before the answer came.
  case abandoned

  package var name: StaticString {
    switch self {
    case .closed: "closed"
    case .reset: "reset"
    case .deadline: "deadline"
    case .malformedAnswer: "malformed_answer"
    case .answerTooLarge: "answer_too_large"
    case .abandoned: "abandoned"
    }
  }
}

/// How an attempt ended, told by counted bytes.
package enum AttemptEnding: Equatable, Sendable {
  /// A complete answer stands in the connection's buffer. `date` is the answer's `Date`, in seconds since 1970.
  case answered(status: Int, retryAfterSeconds: Int64?, date: Int64?)
  /// Fewer bytes were accepted than the request has: it cannot have arrived whole.
  case notSent(TransportFault)
  /// All bytes are out and there is no complete answer.
  case unanswered(TransportFault)
}

/// One ended attempt.
package struct AttemptReport: Sendable {
  package var ticket: Ticket
  /// The connection that holds the answer until the report is finished.
  package var connection: Int32
  /// When the first byte was accepted; nil if none was: then it does not count as an attempt.
  package var startedAt: MonotonicTime?
  package var endedAt: MonotonicTime
  package var ending: AttemptEnding

  package init(
    ticket: Ticket, connection: Int32, startedAt: MonotonicTime?, endedAt: MonotonicTime,
    ending: AttemptEnding
  ) {
    self.ticket = ticket
    self.connection = connection
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.ending = ending
  }
}
