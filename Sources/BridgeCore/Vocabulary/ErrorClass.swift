/// What kind of failure an outcome tells; `error.class`, the header `error_class` and a metric label.
package enum ErrorClass: UInt8, Sendable, CaseIterable {
  case validation
  case refused
  case temporary
  case expired
  case ambiguous
  case unknown

  package var name: StaticString {
    switch self {
    case .validation: "validation"
    case .refused: "refused"
    case .temporary: "temporary"
    case .expired: "expired"
    case .ambiguous: "ambiguous"
    case .unknown: "unknown"
    }
  }
}

extension OutcomeError {
  package var errorClass: ErrorClass {
    switch self {
    case .invalidEvent: .validation
    case .refusedByGateway, .refusedByBackend, .callerRefused, .requestTooLarge: .refused
    case .retriesExhausted: .temporary
    case .tooOld, .deadlinePassed: .expired
    case .noAnswer, .restartedAfterSend: .ambiguous
    case .unknownAnswer: .unknown
    }
  }
}
