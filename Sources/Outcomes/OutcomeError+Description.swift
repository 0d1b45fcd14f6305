package import BridgeCore

/// What a reader of the outcome can do about it; `error.next`.
package enum NextStep: UInt8, Sendable, CaseIterable {
  /// Publish a corrected event.
  case fixEvent
  /// Publish the same event again.
  case redrive
  /// Ask the gateway or the agent's desk whether the message is there.
  case askGateway
  case none

  package var name: StaticString {
    switch self {
    case .fixEvent: "fix_event"
    case .redrive: "redrive"
    case .askGateway: "ask_gateway"
    case .none: "none"
    }
  }
}

extension OutcomeError {
  /// Whether the same event may succeed when it is published again, without a risk of doubling the message.
  package var isRetryable: Bool { errorClass == .temporary }

  package var next: NextStep {
    switch errorClass {
    case .validation, .refused: .fixEvent
    case .temporary: .redrive
    case .expired: .none
    case .ambiguous, .unknown: .askGateway
    }
  }

  /// `error.message`: a sentence of ours, never a text from outside. Needs no JSON escape.
  package var message: StaticString {
    switch self {
    case .invalidEvent: "The event is not a message that can be sent; problems names every reason."
    case .refusedByGateway: "The gateway refused this message."
    case .refusedByBackend: "The backend behind the gateway refused this message."
    case .callerRefused: "The gateway or the backend refused the caller that this event names."
    case .requestTooLarge: "The request for this message is larger than the gateway accepts."
    case .retriesExhausted: "The message was not delivered within the allowed attempts and time."
    case .tooOld: "The event was older than allowed before it could be delivered."
    case .deadlinePassed: "The event's own expiry time passed before it could be delivered."
    case .noAnswer: "The request was sent and no complete answer came; the agent may have the message."
    case .restartedAfterSend: "The bridge stopped after it may have sent this message; the agent may have it."
    case .unknownAnswer: "No rule knows the gateway's answer; the agent may have the message."
    }
  }
}
