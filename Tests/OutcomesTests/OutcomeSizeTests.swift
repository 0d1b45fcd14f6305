import BridgeCore
import Outcomes
import Testing

/// Everything at its largest at once: no outcome may be refused by Kafka for its size.
@Suite struct OutcomeSizeTests {
  static let fillings: [[UInt8]] = [
    Array("a".utf8), Array("\"".utf8), [1], [0xFF], Array("错".utf8), Array("🧳".utf8), Array("a\u{1}\"错".utf8),
  ]

  @Test(arguments: fillings) func nothingMakesAnOutcomeTooLarge(filling: [UInt8]) throws {
    let long = lasting(Array(repeatElement(filling, count: 5_000).joined()))
    let text = String(decoding: long, as: UTF8.self)
    var record = usualRecord()
    record.resolution = Resolution(kind: .inDoubt, error: .restartedAfterSend)
    record.key = UnsafeRawBufferPointer(rebasing: long[..<4_096])
    record.partition = .min
    record.offset = .min
    record.contentType = .min
    record.timestamp = WallTime(milliseconds: .min)
    record.firstSentAt = WallTime(milliseconds: .max)
    record.gatewayMilliseconds = .min
    record.eventID = long
    record.messageID = long
    record.sid = long
    record.buID = long
    record.sessionSource = long
    record.openInstanceID = long
    record.corpID = long
    record.content = nil
    record.senderID = nil
    record.cmsID = nil
    var answered = AnsweredAttempt(httpStatus: .min)
    answered.code = .min
    answered.message = long
    answered.subCode = long
    answered.subMessage = long
    answered.resultCode = long
    answered.resultMessage = long
    answered.data = long
    answered.requestID = long
    record.gateway = answered
    record.problems = (0..<100).map { OutcomeProblem(pointer: "\($0)" + text, code: text) }
    record.problemCount = .max
    record.warnings = Array(repeating: "isv_members_dropped_and_some_more_bytes", count: 20)
    record.attemptCount = .max
    record.possibleDuplicate = true
    var logged = LoggedAttempt(effect: .unknown)
    logged.startedAt = WallTime(milliseconds: .min)
    logged.milliseconds = .min
    logged.httpStatus = .min
    logged.code = .min
    logged.subCode = text
    record.attemptLog = Array(repeating: logged, count: 9)
    record.waited.lane = .min
    record.waited.retry = .min
    record.waited.breaker = .min
    record.waited.halt = .min
    record.waited.ban = .min
    record.redrive = Redrive(id: text, of: text, by: text)
    record.copiedHeaders = (0..<200).map {
      (lasting("x-\($0)"), UnsafeRawBufferPointer(rebasing: long[..<($0 % 90)]))
    }
    let identity = OutcomeIdentity(
      sourceTopic: text, groupID: text, instance: text, version: text, rulesVersion: text, appKey: text)
    let outcome = try read(record, identity: identity)
    #expect(outcome.size <= OutcomeEncoder.byteLimit)
    #expect(outcome.size > 8_000, "the case is meant to be large")
    #expect(outcome.json.count == 27)
  }
}
