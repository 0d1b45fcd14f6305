import BridgeCore
import ChatEvents
import LippiAPI
import Outcomes

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// Encodes the outcome of every decided record and lets its lane go on.
  func recordOutcomes(at now: Moment) {
    while let (ticket, resolution) = engine.nextResolution(at: now) {
      var entry = encodeOutcome(of: ticket, resolution)
      let course = engine.course(of: ticket)
      entry.ledgerEntry = engine.outcomeRecorded(ticket, at: now)
      outbox.append(entry)
      tally.outcomeRecorded(
        resolution, course,
        possibleDuplicate: course.possibleDuplicate || slots[ticket.index].event.mayDuplicate,
        eventTime: slots[ticket.index].timestamp)
      slots.giveBack(ticket.index)
    }
  }

  private func encodeOutcome(of ticket: Ticket, _ resolution: Resolution) -> OutcomeEntry {
    let index = ticket.index
    let (partition, epoch, offset) = engine.coordinates(of: ticket)
    let course = engine.course(of: ticket)
    return slots[index].event.text.withBytes { eventText in
      slots[index].answer.text.withBytes { answerText in
        var record = OutcomeRecord(
          resolution: resolution, partition: partition, offset: offset, receivedAt: course.receivedAt,
          finishedAt: course.finishedAt)
        record.describe(slots[index].event, eventText)
        if slots[index].answer.isPresent {
          record.gateway = AnsweredAttempt(slots[index].answer, answerText)
        }
        record.describe(course)
        if slots[index].event.mayDuplicate { record.possibleDuplicate = true }
        record.timestamp = slots[index].timestamp
        record.attemptLog = slots[index].attemptLog
        return path.outcomes.encode(record, epoch: epoch, appendingTo: &outbox.bytes)
      }
    }
  }
}

extension OutcomeRecord {
  fileprivate mutating func describe(_ event: borrowing ChatEvent, _ text: UnsafeRawBufferPointer) {
    let message = event.message
    eventID = text.part(event.eventID)
    messageID = text.part(message.messageID)
    sid = text.part(message.sid)
    contentType = message.contentType
    buID = text.part(message.buID)
    sessionSource = text.part(message.sessionSource)
    openInstanceID = text.part(message.openInstanceID)
    corpID = text.part(message.caller.corpID)
    key = text.part(event.key)
    content = text.part(message.content)
    cmsID = text.part(message.cmsID)
    senderID = text.part(message.senderID)
    warnings = event.warnings.names
    if event.redrive.isPresent {
      redrive = Redrive(
        id: text.string(event.redrive.id), of: text.string(event.redrive.of),
        by: text.string(event.redrive.by))
    }
    if event.problemCount > 0 {
      problems = event.problems.map { OutcomeProblem(pointer: $0.pointer, code: $0.code.rawValue) }
      problemCount = event.problemCount
    }
    if !event.copiedHeaders.isEmpty {
      copiedHeaders = event.copiedHeaders.compactMap { header in
        guard let name = text.part(header.name), let value = text.part(header.value) else { return nil }
        return (name, value)
      }
    }
  }

  fileprivate mutating func describe(_ course: DeliveryCourse) {
    attemptCount = course.attemptCount
    possibleDuplicate = course.possibleDuplicate
    firstSentAt = course.firstSentAt
    gatewayMilliseconds = course.firstSentAt == nil ? nil : course.gatewayTime.milliseconds
    waited.lane = course.waitedForLane.milliseconds
    waited.retry = course.waitedForRetry.milliseconds
    waited.breaker = course.waitedForBreaker.milliseconds
    waited.halt = course.waitedForHalt.milliseconds
    waited.ban = course.waitedForBan.milliseconds
  }
}

extension AnsweredAttempt {
  fileprivate init(_ answer: borrowing GatewayAnswer, _ text: UnsafeRawBufferPointer) {
    self.init(httpStatus: answer.httpStatus ?? 0)
    code = answer.code
    message = text.part(answer.message)
    subCode = text.part(answer.subCode)
    subMessage = text.part(answer.subMessage)
    resultCode = text.part(answer.resultCode)
    resultMessage = text.part(answer.resultMessage)
    data = text.part(answer.data)
    requestID = text.part(answer.requestID)
  }
}

extension UnsafeRawBufferPointer {
  /// Nil for an absent text.
  fileprivate func part(_ range: TextRange) -> UnsafeRawBufferPointer? {
    range.isPresent ? UnsafeRawBufferPointer(rebasing: self[range.start..<range.end]) : nil
  }

  /// For cold paths only.
  fileprivate func string(_ range: TextRange) -> String? {
    part(range).map { String(decoding: $0, as: UTF8.self) }
  }
}
