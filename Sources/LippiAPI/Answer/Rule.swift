package import BridgeCore

/// One line of the rule table: which answers it is for and what they mean.
package struct Rule: Sendable {
  /// What an answer is told by.
  package enum Match: Sendable, Equatable {
    /// `error_response.sub_code`, whole.
    case subCode(String)
    /// Beginning of `error_response.sub_code`.
    case subCodePrefix(String)
    /// `error_response.code` together with the beginning of its sub_code ("" for any, even none).
    case code(ClosedRange<Int64>, subCodePrefix: String)
    /// `error_response.code`, with a sub_code that has no dot.
    case bareSubCode(ClosedRange<Int64>)
    /// `error_response.code` without any sub_code.
    case codeAlone(ClosedRange<Int64>)
    /// `result.success` true.
    case success
    /// `result.success` false with this `result.code`.
    case resultCode(String)
    /// `result.success` false.
    case noSuccess
    /// No envelope: the HTTP status.
    case httpStatus(ClosedRange<Int>)
    case anything
  }

  /// Where a rule comes from.
  package enum Source: Sendable, Equatable {
    case builtIn
    /// `place` is a file with line and column, a variable or an option.
    case configuration(place: String)
  }

  package var match: Match
  package var ruling: VerdictClass
  package var effect: Effect
  package var refuser: Refuser
  /// For whoever reads the table.
  package var comment: String
  package var source = Source.builtIn

  package init(
    _ match: Match, _ ruling: VerdictClass, _ effect: Effect, refuser: Refuser = .gateway,
    _ comment: String = ""
  ) {
    self.match = match
    self.ruling = ruling
    self.effect = effect
    self.refuser = refuser
    self.comment = comment
  }
}

/// What a rule looks at: the facts of one answer.
struct AnswerFacts {
  enum Envelope {
    case none
    /// A sub_code is never blank; nil: there is none, or none that can be read.
    case error(code: Int64?, subCode: UnsafeRawBufferPointer?)
    /// Neither true nor false: nobody can tell.
    case result(success: Bool?, code: UnsafeRawBufferPointer?)
  }

  var httpStatus: Int
  var envelope: Envelope
}

extension Rule.Match {
  func holds(for facts: AnswerFacts) -> Bool {
    switch (self, facts.envelope) {
    case (.anything, _): true
    case (.success, .result(let success, _)): success == true
    case (.noSuccess, .result(let success, _)): success == false
    case (.resultCode(let wanted), .result(let success, let code)):
      success == false && code.map { $0.elementsEqual(wanted.utf8) } ?? false
    case (.subCode(let wanted), .error(_, let subCode)):
      subCode.map { $0.elementsEqual(wanted.utf8) } ?? false
    case (.subCodePrefix(let prefix), .error(_, let subCode)):
      subCode.map { $0.starts(with: prefix.utf8) } ?? false
    case (.code(let codes, let prefix), .error(let code, let subCode)):
      code.map(codes.contains) ?? false
        && (prefix.isEmpty || subCode.map { $0.starts(with: prefix.utf8) } ?? false)
    case (.bareSubCode(let codes), .error(let code, let subCode)):
      code.map(codes.contains) ?? false
        && subCode.map { !$0.contains(UInt8(ascii: ".")) } ?? false
    case (.codeAlone(let codes), .error(let code, let subCode)):
      code.map(codes.contains) ?? false && subCode == nil
    case (.httpStatus(let statuses), .none): statuses.contains(facts.httpStatus)
    case (.success, _), (.noSuccess, _), (.resultCode, _), (.subCode, _), (.subCodePrefix, _), (.code, _),
      (.bareSubCode, _), (.codeAlone, _), (.httpStatus, _):
      false
    }
  }
}
