/// What became of a record. Every record gets exactly one.
package enum OutcomeKind: UInt8, Sendable, CaseIterable {
  /// The backend took the message.
  case delivered
  /// Gateway or backend refused this message.
  case rejected
  /// The event is not a message that can be sent; it was never sent.
  case invalid
  /// Older than allowed.
  case expired
  /// Retries exhausted.
  case failed
  /// At least one attempt has unknown effect and none is known to be done.
  case inDoubt

  package var name: StaticString {
    switch self {
    case .delivered: "delivered"
    case .rejected: "rejected"
    case .invalid: "invalid"
    case .expired: "expired"
    case .failed: "failed"
    case .inDoubt: "in_doubt"
    }
  }
}

/// Why an outcome is not `delivered`; closed. Class, retryability, next step and sentence follow from the code.
package enum OutcomeError: UInt8, Sendable, CaseIterable {
  case invalidEvent
  case refusedByGateway
  case refusedByBackend
  case callerRefused
  case requestTooLarge
  case retriesExhausted
  case tooOld
  case deadlinePassed
  case noAnswer
  case restartedAfterSend
  case unknownAnswer

  package var code: StaticString {
    switch self {
    case .invalidEvent: "invalid_event"
    case .refusedByGateway: "refused_by_gateway"
    case .refusedByBackend: "refused_by_backend"
    case .callerRefused: "caller_refused"
    case .requestTooLarge: "request_too_large"
    case .retriesExhausted: "retries_exhausted"
    case .tooOld: "too_old"
    case .deadlinePassed: "deadline_passed"
    case .noAnswer: "no_answer"
    case .restartedAfterSend: "restarted_after_send"
    case .unknownAnswer: "unknown_answer"
    }
  }
}

/// What became of one record, as the core decides it.
package struct Resolution: Equatable, Sendable {
  package var kind: OutcomeKind
  /// Nil for `delivered` only.
  package var error: OutcomeError?

  package static let delivered = Resolution(kind: .delivered, error: nil)

  package init(kind: OutcomeKind, error: OutcomeError?) {
    self.kind = kind
    self.error = error
  }
}
