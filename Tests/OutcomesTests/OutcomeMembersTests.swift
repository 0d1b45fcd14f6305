import BridgeCore
import Foundation
import Outcomes
import Testing

@Suite struct OutcomeMembersTests {
  @Test func aDeliveredOutcomeReadsAsDocumented() throws {
    let outcome = try read(usualRecord())
    let expected = """
      {"schema":"lippi-outcome/v1","outcome":"delivered","success":true,"event_id":"chat-events/3/1234",\
      "message_id":"768572312","sid":"testSessionId","content_type":1,"bu_id":"100","session_source":"XSpace",\
      "open_instance_id":"shop001","corp_id":"dingxxx","source":{"topic":"chat-events","partition":3,\
      "offset":1234,"timestamp":1577096532390},"gateway":{"app_key":"12345678","http_status":200,"code":null,\
      "message":null,"sub_code":null,"sub_message":null,"result_code":"200","result_message":"success",\
      "data":"11496248","request_id":"qm2xsck5fkzi"},"error":null,"warnings":[],"attempts":1,\
      "possible_duplicate":false,"attempt_log":[],"received_at":1577096532400,"first_sent_at":1577096532401,\
      "finished_at":1577096532460,"queue_ms":1,"gateway_ms":58,"total_ms":70,"waited_ms":{"lane":0,"retry":0,\
      "breaker":0,"halt":0,"ban":0},"redrive":null,"bridge":{"instance":"host-1","version":"0.1.0",\
      "rules":"2024-1"}}
      """
    #expect(outcome.text == expected)
    #expect(outcome.key == Array("testSessionId".utf8))
  }

  @Test func nothingKnownIsNull() throws {
    var record = OutcomeRecord(
      resolution: Resolution(kind: .invalid, error: .invalidEvent), partition: 0, offset: 0,
      receivedAt: WallTime(milliseconds: 1), finishedAt: WallTime(milliseconds: 2))
    // Without a first byte sent there is no time at the gateway either.
    record.gatewayMilliseconds = 5
    let outcome = try read(record)
    #expect(outcome.key == nil)
    let empty = [
      "event_id", "message_id", "sid", "content_type", "bu_id", "session_source", "open_instance_id",
      "corp_id",
      "gateway", "first_sent_at", "queue_ms", "gateway_ms", "total_ms", "redrive",
    ]
    for name in empty { #expect(outcome.json[name] is NSNull, "\(name)") }
    #expect(try outcome.object("source")["timestamp"] is NSNull)
    #expect(outcome.json.count == 27)
    #expect(outcome.header("event_id") == nil)
    #expect(outcome.header("ce_subject") == nil)
  }

  @Test func anEmptyKeyIsNotANullKey() throws {
    var record = usualRecord()
    record.key = lasting("")
    #expect(try read(record).key == [])
  }

  @Test(arguments: OutcomeError.allCases) func everyErrorExplainsItself(error: OutcomeError) throws {
    var record = usualRecord()
    record.resolution = Resolution(kind: .failed, error: error)
    let outcome = try read(record)
    #expect(outcome.json["success"] as? Bool == false)
    let written = try outcome.object("error")
    #expect(written.count == 7)
    #expect(written["class"] as? String == error.errorClass.name.description)
    #expect(written["code"] as? String == error.code.description)
    #expect(written["message"] as? String == error.message.description)
    #expect(written["retryable"] as? Bool == error.isRetryable)
    #expect(written["next"] as? String == error.next.name.description)
    #expect((written["problems"] as? [Any])?.isEmpty == true)
    #expect(written["problems_total"] as? Int == 0)
    #expect(outcome.header("error_class") == error.errorClass.name.description)
  }

  static let table: [(OutcomeError, String, Bool, String)] = [
    (.invalidEvent, "validation", false, "fix_event"),
    (.refusedByGateway, "refused", false, "fix_event"),
    (.refusedByBackend, "refused", false, "fix_event"),
    (.callerRefused, "refused", false, "fix_event"),
    (.requestTooLarge, "refused", false, "fix_event"),
    (.retriesExhausted, "temporary", true, "redrive"),
    (.tooOld, "expired", false, "none"),
    (.deadlinePassed, "expired", false, "none"),
    (.noAnswer, "ambiguous", false, "ask_gateway"),
    (.restartedAfterSend, "ambiguous", false, "ask_gateway"),
    (.unknownAnswer, "unknown", false, "ask_gateway"),
  ]

  @Test func errorsAreClassedAsDocumented() {
    #expect(Self.table.count == OutcomeError.allCases.count)
    for (error, name, isRetryable, next) in Self.table {
      #expect(error.errorClass.name.description == name)
      #expect(error.isRetryable == isRetryable)
      #expect(error.next.name.description == next)
    }
  }

  @Test func problemsAreListedUpTo32AndCounted() throws {
    var record = usualRecord()
    record.resolution = Resolution(kind: .invalid, error: .invalidEvent)
    record.problems = (0..<40).map { OutcomeProblem(pointer: "/m\($0)", code: "missing") }
    record.problemCount = 57
    let error = try read(record).object("error")
    let problems = try #require(error["problems"] as? [[String: String]])
    #expect(problems.count == 32)
    #expect(problems[31] == ["pointer": "/m31", "code": "missing"])
    #expect(error["problems_total"] as? Int == 57)
  }

  @Test func longProblemListsEndWhereTheRoomEnds() throws {
    var record = usualRecord()
    record.resolution = Resolution(kind: .invalid, error: .invalidEvent)
    record.problems = (0..<32).map {
      OutcomeProblem(pointer: "/\($0)" + String(repeating: "x", count: 240), code: "missing")
    }
    record.problemCount = 32
    let error = try read(record).object("error")
    let problems = try #require(error["problems"] as? [[String: String]])
    #expect(problems.count == 14)
    #expect(error["problems_total"] as? Int == 32)
  }

  @Test func theAttemptLogComesWithTheSecondAttempt() throws {
    var record = usualRecord()
    record.attemptLog = [LoggedAttempt(effect: .done)]
    #expect((try read(record).json["attempt_log"] as? [Any])?.isEmpty == true)

    record.attemptCount = 8
    record.possibleDuplicate = true
    var logged = LoggedAttempt(effect: .none)
    logged.startedAt = WallTime(milliseconds: 17)
    logged.milliseconds = 3
    logged.httpStatus = 200
    logged.code = 15
    logged.subCode = "isp.busy"
    record.attemptLog = [logged, LoggedAttempt(effect: .unknown), logged, logged, logged, logged]
    let outcome = try read(record)
    let log = try #require(outcome.json["attempt_log"] as? [[String: Any]])
    #expect(log.count == 5)
    #expect(log[0].values.filter { $0 is NSNull }.count == 5)
    #expect(log[0]["effect"] as? String == "unknown")
    #expect(log[4]["at"] as? Int == 17)
    #expect(log[4]["ms"] as? Int == 3)
    #expect(log[4]["http_status"] as? Int == 200)
    #expect(log[4]["code"] as? Int == 15)
    #expect(log[4]["sub_code"] as? String == "isp.busy")
    #expect(log[4]["effect"] as? String == "none")
    #expect(outcome.json["attempts"] as? Int == 8)
    #expect(outcome.json["possible_duplicate"] as? Bool == true)
  }

  @Test func warningsAndRedriveAreWritten() throws {
    var record = usualRecord()
    record.warnings = ["isv_members_dropped"]
    record.redrive = Redrive(id: "r1", of: nil, by: "ops")
    let outcome = try read(record)
    #expect(outcome.json["warnings"] as? [String] == ["isv_members_dropped"])
    let redrive = try outcome.object("redrive")
    #expect(redrive["id"] as? String == "r1")
    #expect(redrive["of"] is NSNull)
    #expect(redrive["by"] as? String == "ops")
  }

  /// Timestamp of the record, time of receipt, of the first byte, of the end; queue_ms and total_ms.
  static let times: [(Int64, Int64, Int64, Int64, Int64, Int64)] = [
    (10, 20, 25, 40, 5, 30),
    (50, 20, 25, 40, 5, 0),
    (10, 20, 15, 12, 0, 2),
    (.min, 20, 25, 40, 5, .max),
    (.max, 20, 25, 40, 5, 0),
    (0, 20, 25, 40, 5, 40),
  ]

  @Test(arguments: times)
  func spansAreNeverNegative(
    timestamp: Int64, received: Int64, sent: Int64, finished: Int64, queue: Int64, total: Int64
  ) throws {
    var record = usualRecord()
    record.timestamp = WallTime(milliseconds: timestamp)
    record.receivedAt = WallTime(milliseconds: received)
    record.firstSentAt = WallTime(milliseconds: sent)
    record.finishedAt = WallTime(milliseconds: finished)
    let json = try read(record).json
    #expect((json["queue_ms"] as? NSNumber)?.int64Value == queue)
    #expect((json["total_ms"] as? NSNumber)?.int64Value == total)
  }
}
