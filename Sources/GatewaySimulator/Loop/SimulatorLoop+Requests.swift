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
    if let fault = faults.hitBeforeRead(), case .connection(let fate, .beforeRead) = fault.effect {
      meet(fate, connection)
      if case .stall = fate { setInterest(connection, EPOLLRDHUP.rawValue) }
      return head
    }
    if head.expectsContinue && connection.input.count < head.totalCount {
      let text: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
      _ = send(connection.descriptor, text.utf8Start, text.utf8CodeUnitCount, Int32(MSG_NOSIGNAL))
    }
    return head
  }

  /// Checks a whole request, lets the faults have their way, and plans the answer.
  private func takeUp(_ connection: Connection, _ head: RequestHead) {
    let request = connection.input.bytes
    let form = head.bodyIsForm ? request.slice(head.headCount, head.totalCount) : request.slice(0, 0)
    let query = request.slice(head.query.lowerBound, head.query.upperBound)
    let found = examiner.examine(
      verb: head.verb, query: query, form: form, second: Clock.wallMicroseconds / 1_000_000)
    stats.requestCompleted()
    if !found.signatureIsRight { stats.signatureFailureCount += 1 }
    connection.facts.complete(found, contentDigest: found.content.map { examiner.signer.sha256($0) })

    var planned = plannedAnswer(found)
    let fault = faults.hit(sid: found.sid, messageID: found.messageID, passed: planned.passed)
    connection.facts.isTaken = planned.passed && (fault?.executes ?? true)
    if connection.facts.isTaken { stats.takenCount += 1 }
    var delay = latencyNanoseconds
    var fate: ConnectionFate?
    var fateIsMidAnswer = false
    switch fault?.effect {
    case .answer(let answer): planned.answer = answer
    case .ban(let seconds, let subCode, let subMessage):
      let now = Clock.monotonic
      faults.beginBan(seconds: seconds, subCode: subCode, subMessage: subMessage, now: now)
      if let answer = faults.banAnswer(now: now) { planned.answer = answer }
    case .latency(let milliseconds): delay = milliseconds * 1_000_000
    case .connection(let ownFate, let moment):
      fate = ownFate
      fateIsMidAnswer = moment == .midAnswer
    case nil: break
    }
    connection.input.consume(head.totalCount)
    connection.head = nil
    connection.scanned = 0
    connection.closesAfterAnswer = head.closesConnection
    connection.pending = PendingAnswer(
      answer: planned.answer, format: found.format, isSimplified: found.isSimplified, fate: fate,
      fateIsMidAnswer: fateIsMidAnswer)
    if delay > 0 {
      connection.phase = .waiting
      setTimer(connection, after: delay)
    } else {
      sendAnswer(connection)
    }
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
    write(connection, status: pending.answer.status, label)
    if let fate = pending.fate {
      connection.output.truncate(to: connection.output.count - (body.count + 1) / 2)
      connection.afterSending = .fate(fate)
    } else {
      connection.answerInOutput = pending.answer
    }
    flushOutput(connection)
  }

  /// Puts `body` behind its head into the output.
  private func write(_ connection: Connection, status: Int, _ label: AnswerLabel) {
    heads.write(
      status: status, label: label, bodyCount: body.count, closes: connection.closesAfterAnswer,
      second: Clock.wallMicroseconds / 1_000_000, into: &connection.output)
    connection.output.append(body.bytes)
    connection.phase = .sending
    connection.afterSending = connection.closesAfterAnswer ? .drain : .nextRequest
  }

  func outputWasSent(_ connection: Connection) {
    if let answer = connection.answerInOutput {
      connection.answerInOutput = nil
      finishRequest(connection, answer: answer)
    }
    switch connection.afterSending {
    case .nextRequest: connection.phase = .receiving
    case .drain: drain(connection)
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
