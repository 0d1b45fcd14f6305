/// Whether the agent may have got the message through one attempt.
package enum Effect: UInt8, Sendable, CaseIterable {
  /// Certainly not: not sent, or the answer's rule says so. May be sent again, never flagged.
  case none
  /// Certainly.
  case done
  /// Nobody can tell: *ambiguous*.
  case unknown

  /// As outcomes, rules and logs write it.
  package var name: StaticString {
    switch self {
    case .none: "none"
    case .done: "done"
    case .unknown: "unknown"
    }
  }
}
