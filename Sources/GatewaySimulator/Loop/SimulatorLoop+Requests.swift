internal import CLinux
internal import Glibc

extension SimulatorLoop {
  /// Takes up every request that has come whole.
  func advance(_ connection: Connection) {
    while connection.phase == .receiving && !connection.input.isEmpty {
      do throws(HeadProblem) {
        guard let head = try currentHead(connection) else { return }
        // A fault may have ended the request at its head.
        guard connection.phase == .receiving else { return }
        guard connection.input.count >= head.totalCount else { return }
        if head.target == .gateway {
          takeUp(connection, head)
        } else {
          connection.closesAfterAnswer = head.closesConnection
          answerControl(connection, head)
        }
      } catch {
        refuseHead(connection, error)
      }
    }
  }

  /// The head at the front of the input, nil while it has not come whole.
  private func currentHead(_ connection: Connection) throws(HeadProblem) -> RequestHead? {
    if let head = connection.head { return head }
    if !connection.isInRequest {
      connection.isInRequest = true
      // It is idle no more.
      connection.timerTicket = 0
      connection.facts.begin(at: arrivalMicroseconds())
    }
    guard let head = try RequestHead.read(connection.input.bytes, scanned: &connection.scanned) else {
      return nil
    }
    connection.head = head
    guard head.target == .gateway else {
      connection.isInRequest = false
      return head
    }
    stats.requestCount += 1
    if let fate = faults.fateAtHead() {
      meet(fate, connection)
      if case .stall = fate { setInterest(connection, EPOLLRDHUP.rawValue) }
      return head
    }
    if head.expectsContinue && connection.input.count < head.totalCount {
      say("HTTP/1.1 100 Continue\r\n\r\n", connection)
    }
    return head
  }

  /// Seconds since 1970 by the gateway's clock.
  private var gatewaySecond: Int64 { Clock.wallMicroseconds / 1_000_000 + clockOffsetSeconds }

  /// Checks a whole request, lets the faults have their way, and plans the answer.
  private func takeUp(_ connection: Connection, _ head: RequestHead) {
    let request = connection.input.bytes
    let form = head.bodyIsForm ? request.slice(head.headCount, head.totalCount) : request.slice(0, 0)
    let query = request.slice(head.query.lowerBound, head.query.upperBound)
    let found = examiner.examine(
      verb: head.verb, query: query, form: form, isAllowed: connection.isAllowed,
      second: gatewaySecond)
    stats.requestCompleted()
    if !found.signatureIsRight { stats.signatureFailureCount += 1 }
    connection.facts.complete(found, contentDigest: found.content.map { examiner.signer.sha256($0) })

    var planned = plannedAnswer(found)
    let hits = faults.hits(sid: found.sid, messageID: found.messageID, passed: planned.passed)
    if planned.passed && hits.execute { execute(connection, found.messageID) }
    var fate: ConnectionFate?
    var fateIsMidAnswer = false
    switch hits.ending?.effect {
    case .answer(let answer): planned.answer = answer
    case .ban(let seconds, let subCode, let subMessage):
      let now = Clock.monotonic
      faults.beginBan(seconds: seconds, subCode: subCode, subMessage: subMessage, now: now)
      if let answer = faults.banAnswer(now: now) { planned.answer = answer }
    case .connection(let ownFate, let moment):
      fate = ownFate
      fateIsMidAnswer = moment == .midAnswer
    case .latency, .gzip, .chunked, .drip, .idleClose, nil: break
    }
    let delay = hits.latencyMilliseconds.map { $0 * 1_000_000 } ?? latencyNanoseconds
    connection.input.consume(head.totalCount)
    connection.head = nil
    connection.scanned = 0
    connection.closesAfterAnswer = head.closesConnection
    connection.pending = PendingAnswer(
      answer: planned.answer, manner: hits.manner, format: found.format, isSimplified: found.isSimplified,
      fate: fate, fateIsMidAnswer: fateIsMidAnswer)
    if delay > 0 {
      connection.phase = .waiting
      setTimer(connection, after: delay)
    } else {
      sendAnswer(connection)
    }
  }

  /// The agent gets the message, unless it was taken before and somebody looks at that.
  private func execute(_ connection: Connection, _ messageID: Bytes?) {
    if let messageID, let isNew = takenMessages?.insert(messageID), !isNew {
      stats.duplicateCount += 1
      return
    }
    connection.facts.isTaken = true
    stats.takenCount += 1
  }

  private func plannedAnswer(_ found: Examination) -> (answer: PlannedAnswer, passed: Bool) {
    if let refusal = found.earlyRefusal { return (.refused(refusal), false) }
    if let ban = faults.banAnswer(now: Clock.monotonic) { return (ban, false) }
    if let refusal = found.lateRefusal { return (.refused(refusal), false) }
    return (.delivered, true)
  }

  /// The pending answer is due.
  func sendAnswer(_ connection: Connection) {
    guard let pending = connection.pending else { return }
    connection.pending = nil
    if let fate = pending.fate, !pending.fateIsMidAnswer {
      meet(fate, connection)
      return
    }
    body.removeAll()
    let label = answerBodies.write(
      pending.answer, pending.format, isSimplified: pending.isSimplified, into: &body)
    write(connection, status: pending.answer.status, label, pending.answer.retryAfterSeconds, pending.manner)
    if let fate = pending.fate {
      let bodyCount = pending.manner.isGzipped ? packedBody.count : body.count
      connection.output.truncate(to: connection.output.count - (bodyCount + 1) / 2)
      connection.afterSending = .fate(fate)
    } else {
      connection.answerInOutput = pending.answer
    }
    flushOutput(connection)
  }

  /// Puts `body` behind its head into the output.
  private func write(
    _ connection: Connection, status: Int, _ label: AnswerLabel, _ retryAfterSeconds: Int64? = nil,
    _ manner: AnswerManner = AnswerManner()
  ) {
    let form = AnswerForm(
      status: status, label: label, plainCount: body.count, isGzipped: manner.isGzipped,
      retryAfterSeconds: retryAfterSeconds)
    if manner.isGzipped {
      packedBody.removeAll()
      gzip.compress(body.bytes, into: &packedBody)
    }
    let sent = manner.isGzipped ? packedBody.bytes : body.bytes
    heads.write(
      form, bodyCount: manner.isChunked ? nil : sent.count, closes: connection.closesAfterAnswer,
      second: gatewaySecond, into: &connection.output)
    if manner.isChunked {
      connection.output.append(inChunks: sent)
    } else {
      connection.output.append(sent)
    }
    connection.dripNanoseconds = manner.dripNanoseconds
    connection.phase = .sending
    connection.afterSending = connection.closesAfterAnswer ? .drain : .nextRequest
  }

  func outputWasSent(_ connection: Connection) {
    if let answer = connection.answerInOutput {
      connection.answerInOutput = nil
      finishRequest(connection, answer: answer)
      if case .nextRequest = connection.afterSending, let limit = faults.idleLimit() {
        setTimer(connection, after: limit)
      }
    }
    switch connection.afterSending {
    case .nextRequest: connection.phase = .receiving
    case .drain:
      connection.channel?.notifyClose()
      _ = sendWire(connection)
      drain(connection)
    case .fate(let fate): meet(fate, connection)
    }
  }

  /// Ends a connection, or silences it, in the middle of a request.
  private func meet(_ fate: ConnectionFate, _ connection: Connection) {
    switch fate {
    case .close:
      finishRequest(connection, answer: nil)
      drain(connection)
    case .reset:
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        connection.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      end(connection)
    case .stall: connection.phase = .stalled
    }
  }

  /// Closes a connection on which nothing is under way, as a server does that has waited long enough. What the client
  /// sends at the same moment is not read any more: it gets a reset.
  func closeIdle(_ connection: Connection) {
    guard !connection.isInRequest && connection.input.isEmpty else { return }
    stats.idleCloseCount += 1
    connection.channel?.notifyClose()
    _ = sendWire(connection)
    end(connection)
  }

  /// Says that nothing more comes, and waits for the client to see it: closing with unread bytes would reset.
  private func drain(_ connection: Connection) {
    connection.phase = .draining
    connection.input.removeAll()
    shutdown(connection.descriptor, Int32(SHUT_WR))
    setTimer(connection, after: Self.drainTimeoutMilliseconds * 1_000_000)
  }

  /// Logs the request that is under way, if one is.
  func finishRequest(_ connection: Connection, answer: PlannedAnswer?) {
    guard connection.isInRequest else { return }
    connection.isInRequest = false
    if connection.facts.isComplete {
      stats.inFlight -= 1
      if let answer { stats.answered(answer) } else { stats.unansweredCount += 1 }
    } else {
      if connection.head == nil {
        // Nothing says that this would have been a request to the gateway, unless its first line does.
        let target = RequestHead.target(ofPart: connection.input.bytes)
        if let target, target != .gateway { return }
        stats.requestCount += 1
      }
      stats.tornCount += 1
    }
    log.add(connection.facts, answer: answer, completed: Clock.wallMicroseconds, now: Clock.monotonic)
  }

  // MARK: Beside the gateway

  private func refuseHead(_ connection: Connection, _ problem: HeadProblem) {
    finishRequest(connection, answer: nil)
    connection.closesAfterAnswer = true
    switch problem {
    case .malformed: answerPlain(connection, 400, "this is no HTTP/1.1 request\n")
    case .headTooLarge: answerPlain(connection, 431, "the head is too large\n")
    case .bodyTooLarge: answerPlain(connection, 413, "the body is too large\n")
    case .lengthMissing: answerPlain(connection, 411, "a body needs Content-Length\n")
    }
  }

  func answerPlain(_ connection: Connection, _ status: Int, _ text: StaticString) {
    body.removeAll()
    body.append(text)
    answer(connection, status, .plain)
  }

  /// Sends `body` for a request that is not the gateway's.
  func answer(_ connection: Connection, _ status: Int, _ label: AnswerLabel) {
    write(connection, status: status, label)
    flushOutput(connection)
  }
}
