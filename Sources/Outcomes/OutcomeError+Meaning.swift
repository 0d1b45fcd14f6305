package import BridgeCore

/// What an error code says to whoever reads the outcome; public from the first release.
extension OutcomeError {
  package var errorClass: StaticString {
    switch self {
    case .invalidEvent: "validation"
    case .refusedByGateway, .refusedByBackend, .callerRefused, .requestTooLarge: "refused"
    case .retriesExhausted: "temporary"
    case .tooOld, .deadlinePassed: "expired"
    case .noAnswer, .restartedAfterSend: "ambiguous"
    case .unknownAnswer: "unknown"
    }
  }

  /// Whether sending the same event again can help without harm.
  package var isRetryable: Bool {
    switch self {
    case .retriesExhausted: true
    case .invalidEvent, .refusedByGateway, .refusedByBackend, .callerRefused, .requestTooLarge, .tooOld,
      .deadlinePassed, .noAnswer, .restartedAfterSend, .unknownAnswer:
      false
    }
  }

  /// What to do next.
  package var next: StaticString {
    switch self {
    case .invalidEvent, .refusedByGateway, .refusedByBackend, .callerRefused, .requestTooLarge: "fix_event"
    case .retriesExhausted: "redrive"
    case .tooOld, .deadlinePassed: "none"
    case .noAnswer, .restartedAfterSend, .unknownAnswer: "ask_gateway"
    }
  }

  package var message: StaticString {
    switch self {
    case .invalidEvent: "The event is not a message that can be sent; see problems."
    case .refusedByGateway: "The gateway refused this message."
    case .refusedByBackend: "The backend refused this message."
    case .callerRefused: "The gateway refuses the caller of this message, not those of others."
    case .requestTooLarge: "The request is larger than the gateway takes."
    case .retriesExhausted: "Every allowed attempt failed without effect."
    case .tooOld: "The event was older than gateway.max_event_age."
    case .deadlinePassed: "The event's expirytime had passed."
    case .noAnswer: "A request may have reached the backend, but no usable answer came."
    case .restartedAfterSend: "A request may have been sent before the bridge was restarted."
    case .unknownAnswer: "The gateway's answer does not say whether the message was taken."
    }
  }
}
