import BridgeCore

/// Writes the JSON value of an outcome; its members and their order are public.
enum OutcomeValue {
  static func append(
    _ record: OutcomeRecord, _ identity: OutcomeIdentity, _ limits: TextLimits, to buffer: inout ByteBuffer
  ) {
    buffer.append(#"{"schema":"lippi-outcome/v1","outcome":"#)
    buffer.appendJSONString(record.resolution.kind.name)
    buffer.append(record.resolution.kind == .delivered ? #","success":true"# : #","success":false"#)
    appendID(#","event_id":"#, record.eventID, limits, &buffer)
    appendID(#","message_id":"#, record.messageID, limits, &buffer)
    appendID(#","sid":"#, record.sid, limits, &buffer)
    appendNumber(#","content_type":"#, record.contentType, &buffer)
    appendID(#","bu_id":"#, record.buID, limits, &buffer)
    appendID(#","session_source":"#, record.sessionSource, limits, &buffer)
    appendID(#","open_instance_id":"#, record.openInstanceID, limits, &buffer)
    appendID(#","corp_id":"#, record.corpID, limits, &buffer)
    appendSource(record, identity, &buffer)
    appendGateway(record, identity, limits, &buffer)
    appendError(record, limits, &buffer)
    appendWarnings(record.warnings, &buffer)
    appendNumber(#","attempts":"#, Int64(record.attemptCount), &buffer)
    buffer.append(record.possibleDuplicate ? #","possible_duplicate":true"# : #","possible_duplicate":false"#)
    appendAttempts(record, limits, &buffer)
    appendTimes(record, &buffer)
    appendRedrive(record.redrive, limits, &buffer)
    appendBridge(identity, &buffer)
    buffer.append("}")
  }

  private static func appendSource(
    _ record: OutcomeRecord, _ identity: OutcomeIdentity, _ buffer: inout ByteBuffer
  ) {
    buffer.append(#","source":{"topic":"#)
    buffer.appendJSONString(text: identity.sourceTopic)
    appendNumber(#","partition":"#, Int64(record.partition), &buffer)
    appendNumber(#","offset":"#, record.offset, &buffer)
    appendNumber(#","timestamp":"#, record.timestamp?.milliseconds, &buffer)
    buffer.append("}")
  }

  private static func appendGateway(
    _ record: OutcomeRecord, _ identity: OutcomeIdentity, _ limits: TextLimits, _ buffer: inout ByteBuffer
  ) {
    guard let gateway = record.gateway else { return buffer.append(#","gateway":null"#) }
    let echo = EchoSearch(content: record.content, cmsID: record.cmsID, senderID: record.senderID)
    func append(_ name: StaticString, _ text: BorrowedText, _ limit: Int, _ buffer: inout ByteBuffer) {
      buffer.append(name)
      guard let text else { return buffer.append("null") }
      if echo.finds(in: text) { return buffer.append(#""<echo>""#) }
      CopiedText.appendGatewayText(text, limit: limit, to: &buffer)
    }
    buffer.append(#","gateway":{"app_key":"#)
    buffer.appendJSONString(text: identity.appKey)
    appendNumber(#","http_status":"#, Int64(gateway.httpStatus), &buffer)
    appendNumber(#","code":"#, gateway.code, &buffer)
    append(#","message":"#, gateway.message, limits.gatewayText, &buffer)
    append(#","sub_code":"#, gateway.subCode, limits.gatewayText, &buffer)
    append(#","sub_message":"#, gateway.subMessage, limits.gatewayText, &buffer)
    append(#","result_code":"#, gateway.resultCode, limits.gatewayText, &buffer)
    append(#","result_message":"#, gateway.resultMessage, limits.gatewayText, &buffer)
    append(#","data":"#, gateway.data, limits.data, &buffer)
    append(#","request_id":"#, gateway.requestID, limits.data, &buffer)
    buffer.append("}")
  }

  private static func appendError(_ record: OutcomeRecord, _ limits: TextLimits, _ buffer: inout ByteBuffer) {
    guard let error = record.resolution.error else { return buffer.append(#","error":null"#) }
    buffer.append(#","error":{"class":"#)
    buffer.appendJSONString(error.errorClass)
    buffer.append(#","code":"#)
    buffer.appendJSONString(error.code)
    buffer.append(#","message":"#)
    buffer.appendJSONString(error.message)
    buffer.append(error.isRetryable ? #","retryable":true,"next":"# : #","retryable":false,"next":"#)
    buffer.appendJSONString(error.next)
    buffer.append(#","problems":["#)
    for (index, problem) in record.problems.enumerated() {
      buffer.append(index == 0 ? #"{"pointer":"# : #",{"pointer":"#)
      var pointer = problem.pointer
      pointer.withUTF8 {
        CopiedText.appendID(UnsafeRawBufferPointer($0), limit: limits.pointer, to: &buffer)
      }
      buffer.append(#","code":"#)
      buffer.appendJSONString(text: problem.code)
      buffer.append("}")
    }
    buffer.append("]")
    appendNumber(#","problems_total":"#, Int64(record.problemCount), &buffer)
    buffer.append("}")
  }

  private static func appendWarnings(_ warnings: [StaticString], _ buffer: inout ByteBuffer) {
    buffer.append(#","warnings":["#)
    for (index, warning) in warnings.enumerated() {
      if index > 0 { buffer.append(",") }
      buffer.appendJSONString(warning)
    }
    buffer.append("]")
  }

  private static func appendAttempts(
    _ record: OutcomeRecord, _ limits: TextLimits, _ buffer: inout ByteBuffer
  ) {
    buffer.append(#","attempt_log":["#)
    if record.attemptCount > 1 {
      for (index, attempt) in record.attemptLog.enumerated() {
        appendNumber(index == 0 ? #"{"at":"# : #",{"at":"#, attempt.startedAt?.milliseconds, &buffer)
        appendNumber(#","ms":"#, attempt.milliseconds, &buffer)
        buffer.append(#","effect":"#)
        buffer.appendJSONString(attempt.effect.name)
        appendNumber(#","http_status":"#, attempt.httpStatus.map { Int64($0) }, &buffer)
        appendNumber(#","code":"#, attempt.code, &buffer)
        buffer.append(#","sub_code":"#)
        if var subCode = attempt.subCode {
          subCode.withUTF8 {
            CopiedText.appendGatewayText(UnsafeRawBufferPointer($0), limit: limits.gatewayText, to: &buffer)
          }
        } else {
          buffer.append("null")
        }
        buffer.append("}")
      }
    }
    buffer.append("]")
  }

  private static func appendTimes(_ record: OutcomeRecord, _ buffer: inout ByteBuffer) {
    let queued = record.firstSentAt.map { max(0, $0.milliseconds - record.receivedAt.milliseconds) }
    let total = record.timestamp.map { max(0, record.finishedAt.milliseconds - $0.milliseconds) }
    appendNumber(#","received_at":"#, record.receivedAt.milliseconds, &buffer)
    appendNumber(#","first_sent_at":"#, record.firstSentAt?.milliseconds, &buffer)
    appendNumber(#","finished_at":"#, record.finishedAt.milliseconds, &buffer)
    appendNumber(#","queue_ms":"#, queued, &buffer)
    appendNumber(#","gateway_ms":"#, record.gatewayMilliseconds, &buffer)
    appendNumber(#","total_ms":"#, total, &buffer)
    appendNumber(#","waited_ms":{"lane":"#, record.waited.lane, &buffer)
    appendNumber(#","retry":"#, record.waited.retry, &buffer)
    appendNumber(#","breaker":"#, record.waited.breaker, &buffer)
    appendNumber(#","halt":"#, record.waited.halt, &buffer)
    appendNumber(#","ban":"#, record.waited.ban, &buffer)
    buffer.append("}")
  }

  private static func appendRedrive(_ redrive: Redrive?, _ limits: TextLimits, _ buffer: inout ByteBuffer) {
    guard let redrive else { return buffer.append(#","redrive":null"#) }
    func append(_ name: StaticString, _ text: String?, _ buffer: inout ByteBuffer) {
      buffer.append(name)
      guard var text else { return buffer.append("null") }
      text.withUTF8 { CopiedText.appendID(UnsafeRawBufferPointer($0), limit: limits.id, to: &buffer) }
    }
    append(#","redrive":{"id":"#, redrive.id, &buffer)
    append(#","of":"#, redrive.of, &buffer)
    append(#","by":"#, redrive.by, &buffer)
    buffer.append("}")
  }

  private static func appendBridge(_ identity: OutcomeIdentity, _ buffer: inout ByteBuffer) {
    buffer.append(#","bridge":{"instance":"#)
    buffer.appendJSONString(text: identity.instance)
    buffer.append(#","version":"#)
    buffer.appendJSONString(text: identity.version)
    buffer.append(#","rules":"#)
    buffer.appendJSONString(text: identity.rulesVersion)
    buffer.append("}")
  }

  // MARK: Members

  private static func appendID(
    _ name: StaticString, _ text: BorrowedText, _ limits: TextLimits, _ buffer: inout ByteBuffer
  ) {
    buffer.append(name)
    guard let text else { return buffer.append("null") }
    CopiedText.appendID(text, limit: limits.id, to: &buffer)
  }

  private static func appendNumber(_ name: StaticString, _ number: Int64?, _ buffer: inout ByteBuffer) {
    buffer.append(name)
    guard let number else { return buffer.append("null") }
    buffer.appendDecimal(number)
  }
}
