/// One reason why an event is not a message that can be sent.
package struct EventProblem: Equatable, Sendable {
  /// Problems listed in one outcome; the rest is only counted.
  package static let listLimit = 32

  /// JSON Pointer (RFC 6901) into the event as it came; "" is the whole value.
  package var pointer: String
  package var code: ProblemCode

  package init(pointer: String, code: ProblemCode) {
    self.pointer = pointer
    self.code = code
  }
}

/// Closed list; public from the first release.
package enum ProblemCode: String, Sendable, CaseIterable {
  case notUTF8 = "not_utf8"
  case notJSON = "not_json"
  case duplicateMember = "duplicate_member"
  case tooDeep = "too_deep"
  case tooLarge = "too_large"
  case empty
  case nullValue = "null_value"
  case wrongType = "wrong_type"
  case missing
  case blank
  case notAllowed = "not_allowed"
  case outOfRange = "out_of_range"
  case badTime = "bad_time"
  case unsupportedEncoding = "unsupported_encoding"
  /// A value that the configured table of values does not have.
  case mapping
}

extension ChatEvent {
  /// At most one problem per pointer.
  mutating func report(_ pointer: String, _ code: ProblemCode) {
    guard !problems.contains(where: { $0.pointer == pointer }) else { return }
    problemCount += 1
    if problems.count < EventProblem.listLimit { problems.append(EventProblem(pointer: pointer, code: code)) }
  }
}
