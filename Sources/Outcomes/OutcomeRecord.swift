package import BridgeCore

/// A text of somebody else's buffer, valid while the outcome is encoded; nil is JSON null.
package typealias BorrowedText = UnsafeRawBufferPointer?

/// Everything one outcome says. Texts are borrowed: the record lives only inside the closure that made it.
package struct OutcomeRecord {
  package var resolution: Resolution
  package var eventID: BorrowedText = nil
  package var messageID: BorrowedText = nil
  package var sid: BorrowedText = nil
  package var contentType: Int64?
  package var buID: BorrowedText = nil
  package var sessionSource: BorrowedText = nil
  package var openInstanceID: BorrowedText = nil
  package var corpID: BorrowedText = nil
  /// Of the source record.
  package var partition: PartitionIndex
  package var offset: RecordOffset
  package var timestamp: WallTime?
  package var key: BorrowedText = nil

  /// Never written, only looked for in the gateway's texts.
  package var content: BorrowedText = nil
  package var cmsID: BorrowedText = nil
  package var senderID: BorrowedText = nil

  /// The last attempt with a complete answer; nil if nothing was answered.
  package var gateway: AnsweredAttempt?
  package var problems: [OutcomeProblem] = []
  package var problemCount = 0
  /// Closed names, e.g. `isv_members_dropped`.
  package var warnings: [StaticString] = []

  /// Requests with a first byte written, plus 1 if inherited.
  package var attemptCount = 0
  package var possibleDuplicate = false
  /// The last 5; written when `attemptCount` is over 1.
  package var attemptLog: [LoggedAttempt] = []

  package var receivedAt: WallTime
  /// Nil when this process sent nothing.
  package var firstSentAt: WallTime?
  package var finishedAt: WallTime
  /// Sum over this process's attempts; nil when it sent nothing.
  package var gatewayMilliseconds: Int64?
  package var waited = WaitedMilliseconds()

  /// traceparent, tracestate and the configured copies: name and value.
  package var copiedHeaders: [(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)] = []
  /// From the `lippi-redrive-*` headers.
  package var redrive: Redrive?

  package init(
    resolution: Resolution, partition: PartitionIndex, offset: RecordOffset, receivedAt: WallTime,
    finishedAt: WallTime
  ) {
    self.resolution = resolution
    self.partition = partition
    self.offset = offset
    self.receivedAt = receivedAt
    self.finishedAt = finishedAt
  }
}

/// `outcome.gateway`; the app key comes from the encoder's identity.
package struct AnsweredAttempt {
  package var httpStatus: Int
  package var code: Int64?
  package var message: BorrowedText = nil
  package var subCode: BorrowedText = nil
  package var subMessage: BorrowedText = nil
  package var resultCode: BorrowedText = nil
  package var resultMessage: BorrowedText = nil
  package var data: BorrowedText = nil
  package var requestID: BorrowedText = nil

  package init(httpStatus: Int) { self.httpStatus = httpStatus }
}

/// One entry of `error.problems`.
package struct OutcomeProblem: Sendable {
  package var pointer: String
  package var code: String
  package init(pointer: String, code: String) {
    self.pointer = pointer
    self.code = code
  }
}

/// One entry of `attempt_log`; an inherited attempt has only its effect.
package struct LoggedAttempt: Sendable {
  package var startedAt: WallTime?
  package var milliseconds: Int64?
  package var effect: Effect
  package var httpStatus: Int?
  package var code: Int64?
  package var subCode: String?

  package init(effect: Effect) { self.effect = effect }
}

/// `outcome.waited_ms`.
package struct WaitedMilliseconds: Sendable {
  package var lane: Int64 = 0
  package var retry: Int64 = 0
  package var breaker: Int64 = 0
  package var halt: Int64 = 0
  package var ban: Int64 = 0
  package init() {}
}

/// `outcome.redrive`.
package struct Redrive: Sendable {
  package var id: String?
  package var of: String?
  package var by: String?
  package init(id: String?, of: String?, by: String?) {
    self.id = id
    self.of = of
    self.by = by
  }
}
