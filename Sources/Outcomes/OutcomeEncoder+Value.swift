import BridgeCore

/// The JSON value: every member, always, in one order.
extension OutcomeEncoder {
  mutating func appendValue(_ record: OutcomeRecord) {
    value.append("{\"schema\":\"lippi-outcome/v1\",\"outcome\":\"")
    value.append(record.resolution.kind.name)
    value.append(record.resolution.kind == .delivered ? "\",\"success\":true" : "\",\"success\":false")
    appendIdentifiers(record)
    appendSource(record)
    appendGateway(record)
    appendError(record)
    appendWarnings(record.warnings)
    appendAttempts(record)
    appendTimes(record)
    appendRedrive(record.redrive)
    value.append(fragments.bridge)
  }

  private mutating func appendIdentifiers(_ record: OutcomeRecord) {
    value.append(",\"event_id\":")
    appendIdentifier(record.eventID)
    value.append(",\"message_id\":")
    appendIdentifier(record.messageID)
    value.append(",\"sid\":")
    appendIdentifier(record.sid)
    value.append(",\"content_type\":")
    appendNumber(record.contentType)
    value.append(",\"bu_id\":")
    appendIdentifier(record.buID)
    value.append(",\"session_source\":")
    appendIdentifier(record.sessionSource)
    value.append(",\"open_instance_id\":")
    appendIdentifier(record.openInstanceID)
    value.append(",\"corp_id\":")
    appendIdentifier(record.corpID)
  }

  private mutating func appendSource(_ record: OutcomeRecord) {
    value.append(fragments.source)
    value.appendDecimal(Int64(record.partition))
    value.append(",\"offset\":")
    value.appendDecimal(record.offset)
    value.append(",\"timestamp\":")
    appendNumber(record.timestamp?.milliseconds)
  }

  private mutating func appendGateway(_ record: OutcomeRecord) {
    guard let answered = record.gateway else {
      value.append("},\"gateway\":null")
      return
    }
    let guarded = record.guardedTexts
    value.append(fragments.gateway)
    value.appendDecimal(Int64(answered.httpStatus))
    value.append(",\"code\":")
    appendNumber(answered.code)
    value.append(",\"message\":")
    appendGatewayText(answered.message, byteLimit: limits.gatewayTextBytes, guarded)
    value.append(",\"sub_code\":")
    appendGatewayText(answered.subCode, byteLimit: limits.gatewayTextBytes, guarded)
    value.append(",\"sub_message\":")
    appendGatewayText(answered.subMessage, byteLimit: limits.gatewayTextBytes, guarded)
    value.append(",\"result_code\":")
    appendGatewayText(answered.resultCode, byteLimit: limits.gatewayTextBytes, guarded)
    value.append(",\"result_message\":")
    appendGatewayText(answered.resultMessage, byteLimit: limits.gatewayTextBytes, guarded)
    value.append(",\"data\":")
    appendGatewayText(answered.data, byteLimit: limits.gatewayDataBytes, guarded)
    value.append(",\"request_id\":")
    appendGatewayText(answered.requestID, byteLimit: limits.gatewayTextBytes, guarded)
    value.append("}")
  }

  private mutating func appendError(_ record: OutcomeRecord) {
    guard let error = record.resolution.error else {
      value.append(",\"error\":null")
      return
    }
    value.append(",\"error\":{\"class\":\"")
    value.append(error.errorClass.name)
    value.append("\",\"code\":\"")
    value.append(error.code)
    value.append("\",\"message\":\"")
    value.append(error.message)
    value.append(
      error.isRetryable ? "\",\"retryable\":true,\"next\":\"" : "\",\"retryable\":false,\"next\":\"")
    value.append(error.next.name)
    value.append("\",\"problems\":[")
    appendProblems(record.problems)
    value.append("],\"problems_total\":")
    value.appendDecimal(Int64(max(record.problemCount, record.problems.count)))
    value.append("}")
  }

  private mutating func appendProblems(_ problems: [OutcomeProblem]) {
    let start = value.count
    for (index, problem) in problems.prefix(OutcomeLimits.problemLimit).enumerated() {
      let end = value.count
      value.append(index == 0 ? "{\"pointer\":" : ",{\"pointer\":")
      appendIdentifier(text: problem.pointer)
      value.append(",\"code\":")
      appendIdentifier(text: problem.code)
      value.append("}")
      if value.count - start > limits.problemBytes {
        value.truncate(to: end)
        return
      }
    }
  }

  private mutating func appendWarnings(_ warnings: [StaticString]) {
    value.append(",\"warnings\":[")
    for (index, warning) in warnings.prefix(OutcomeLimits.warningLimit).enumerated() {
      if index > 0 { value.append(",") }
      value.appendJSONString(warning)
    }
    value.append("]")
  }

  private mutating func appendAttempts(_ record: OutcomeRecord) {
    value.append(",\"attempts\":")
    value.appendDecimal(Int64(record.attemptCount))
    value.append(
      record.possibleDuplicate
        ? ",\"possible_duplicate\":true,\"attempt_log\":[" : ",\"possible_duplicate\":false,\"attempt_log\":["
    )
    if record.attemptCount > 1 {
      let guarded = record.guardedTexts
      for (index, attempt) in record.attemptLog.suffix(OutcomeLimits.attemptLogLimit).enumerated() {
        if index > 0 { value.append(",") }
        appendAttempt(attempt, guarded)
      }
    }
    value.append("]")
  }

  private mutating func appendAttempt(_ attempt: LoggedAttempt, _ guarded: GuardedTexts) {
    value.append("{\"at\":")
    appendNumber(attempt.startedAt?.milliseconds)
    value.append(",\"ms\":")
    appendNumber(attempt.milliseconds)
    value.append(",\"effect\":\"")
    value.append(attempt.effect.name)
    value.append("\",\"http_status\":")
    appendNumber(attempt.httpStatus.map(Int64.init))
    value.append(",\"code\":")
    appendNumber(attempt.code)
    value.append(",\"sub_code\":")
    appendGatewayText(attempt.subCode, byteLimit: limits.gatewayTextBytes, guarded)
    value.append("}")
  }

  private mutating func appendTimes(_ record: OutcomeRecord) {
    value.append(",\"received_at\":")
    value.appendDecimal(record.receivedAt.milliseconds)
    value.append(",\"first_sent_at\":")
    appendNumber(record.firstSentAt?.milliseconds)
    value.append(",\"finished_at\":")
    value.appendDecimal(record.finishedAt.milliseconds)
    value.append(",\"queue_ms\":")
    appendNumber(record.firstSentAt.map { Self.milliseconds(from: record.receivedAt, to: $0) })
    value.append(",\"gateway_ms\":")
    appendNumber(record.firstSentAt == nil ? nil : record.gatewayMilliseconds)
    value.append(",\"total_ms\":")
    appendNumber(record.timestamp.map { Self.milliseconds(from: $0, to: record.finishedAt) })
    value.append(",\"waited_ms\":{\"lane\":")
    value.appendDecimal(record.waited.lane)
    value.append(",\"retry\":")
    value.appendDecimal(record.waited.retry)
    value.append(",\"breaker\":")
    value.appendDecimal(record.waited.breaker)
    value.append(",\"halt\":")
    value.appendDecimal(record.waited.halt)
    value.append(",\"ban\":")
    value.appendDecimal(record.waited.ban)
    value.append("}")
  }

  private mutating func appendRedrive(_ redrive: Redrive?) {
    guard let redrive else {
      value.append(",\"redrive\":null")
      return
    }
    value.append(",\"redrive\":{\"id\":")
    appendIdentifier(text: redrive.id)
    value.append(",\"of\":")
    appendIdentifier(text: redrive.of)
    value.append(",\"by\":")
    appendIdentifier(text: redrive.by)
    value.append("}")
  }

  /// Never negative: producers set timestamps as they like, and clocks are set back.
  private static func milliseconds(from start: WallTime, to end: WallTime) -> Int64 {
    guard end > start else { return 0 }
    let (span, overflowed) = end.milliseconds.subtractingReportingOverflow(start.milliseconds)
    return overflowed ? .max : span
  }
}

extension OutcomeRecord {
  var guardedTexts: GuardedTexts {
    GuardedTexts(content: content, cmsID: cmsID, senderID: senderID)
  }
}
