import BridgeCore
import Foundation
import Testing

@testable import Outcomes

private let identity = OutcomeIdentity(
  sourceTopic: "chat-events", groupID: "lippi-bridge", instance: "a", version: "0.1.0", rulesVersion: "1",
  appKey: "12345678")

/// An encoded outcome, read back by other code.
private struct ReadOutcome {
  var object: [String: Any]
  var headers: [String: String]
  var key: [UInt8]?
  var byteCount: Int
}

/// Texts live as long as the record: kept in arrays here.
private final class Texts {
  private var storage: [UnsafeMutableRawBufferPointer] = []
  deinit { for text in storage { text.deallocate() } }

  func callAsFunction(_ text: String) -> BorrowedText { self(Array(text.utf8)) }

  func callAsFunction(_ bytes: [UInt8]) -> BorrowedText {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
    copy.copyBytes(from: bytes)
    storage.append(copy)
    return UnsafeRawBufferPointer(rebasing: copy[..<bytes.count])
  }
}

private func encode(_ record: OutcomeRecord) throws -> ReadOutcome {
  var encoder = OutcomeEncoder(identity: identity)
  var bytes: [UInt8] = [1, 2, 3]
  let entry = encoder.encode(record, epoch: Epoch(1), appendingTo: &bytes)
  let value = Data(bytes[entry.value.start..<entry.value.end])
  var headers: [String: String] = [:]
  bytes.withUnsafeBytes { all in
    HeaderBlock.forEach(in: UnsafeRawBufferPointer(rebasing: all[entry.headers.start..<entry.headers.end])) {
      headers[String(decoding: $0, as: UTF8.self)] = String(decoding: $1, as: UTF8.self)
    }
  }
  return ReadOutcome(
    object: try #require(JSONSerialization.jsonObject(with: value) as? [String: Any]), headers: headers,
    key: entry.key.isPresent ? Array(bytes[entry.key.start..<entry.key.end]) : nil, byteCount: bytes.count - 3
  )
}

private func record(_ kind: OutcomeKind, _ error: OutcomeError?) -> OutcomeRecord {
  OutcomeRecord(
    resolution: Resolution(kind: kind, error: error), partition: 3, offset: 1_234,
    receivedAt: WallTime(milliseconds: 1_577_096_532_400),
    finishedAt: WallTime(milliseconds: 1_577_096_532_460))
}

@Suite struct OutcomesAreEncodedTests {
  private static let members = [
    "schema", "outcome", "success", "event_id", "message_id", "sid", "content_type", "bu_id",
    "session_source",
    "open_instance_id", "corp_id", "source", "gateway", "error", "warnings", "attempts", "possible_duplicate",
    "attempt_log", "received_at", "first_sent_at", "finished_at", "queue_ms", "gateway_ms", "total_ms",
    "waited_ms", "redrive", "bridge",
  ]

  @Test func aDeliveredEvent() throws {
    let texts = Texts()
    var record = record(.delivered, nil)
    record.eventID = texts("e-1")
    record.messageID = texts("768572312")
    record.sid = texts("testSessionId")
    record.contentType = 1
    record.timestamp = WallTime(milliseconds: 1_577_096_532_390)
    record.key = texts("testSessionId")
    record.attemptCount = 1
    record.firstSentAt = WallTime(milliseconds: 1_577_096_532_401)
    record.gatewayMilliseconds = 58
    var gateway = AnsweredAttempt(httpStatus: 200)
    gateway.resultCode = texts("200")
    gateway.data = texts("11496248")
    record.gateway = gateway
    let read = try encode(record)
    #expect(Set(read.object.keys) == Set(Self.members))
    #expect(read.object["outcome"] as? String == "delivered")
    #expect(read.object["success"] as? Bool == true)
    #expect(read.object["bu_id"] is NSNull)
    #expect(read.object["error"] is NSNull)
    #expect(read.object["queue_ms"] as? Int == 1)
    #expect(read.object["total_ms"] as? Int == 70)
    #expect(read.object["gateway_ms"] as? Int == 58)
    #expect((read.object["attempt_log"] as? [Any])?.isEmpty == true)
    let source = try #require(read.object["source"] as? [String: Any])
    #expect(source["topic"] as? String == "chat-events")
    #expect(source["offset"] as? Int == 1_234)
    let answered = try #require(read.object["gateway"] as? [String: Any])
    #expect(answered["app_key"] as? String == "12345678")
    #expect(answered["result_code"] as? String == "200")
    #expect(answered["code"] is NSNull)
    #expect(read.key == Array("testSessionId".utf8))
    #expect(
      read.headers == [
        "outcome": "delivered", "event_id": "e-1", "source_topic": "chat-events", "source_partition": "3",
        "source_offset": "1234", "content-type": "application/json", "ce_specversion": "1.0",
        "ce_id": "chat-events/3/1234", "ce_source": "/lippi-bridge/lippi-bridge",
        "ce_type": "com.lippi-bridge.message.delivered.v1", "ce_time": "2019-12-23T10:22:12.460Z",
        "ce_subject": "768572312",
      ])
  }

  @Test(arguments: [
    (OutcomeKind.invalid, OutcomeError.invalidEvent, "validation", false, "fix_event"),
    (.rejected, .refusedByGateway, "refused", false, "fix_event"),
    (.rejected, .refusedByBackend, "refused", false, "fix_event"),
    (.rejected, .callerRefused, "refused", false, "fix_event"),
    (.rejected, .requestTooLarge, "refused", false, "fix_event"),
    (.failed, .retriesExhausted, "temporary", true, "redrive"),
    (.expired, .tooOld, "expired", false, "none"), (.expired, .deadlinePassed, "expired", false, "none"),
    (.inDoubt, .noAnswer, "ambiguous", false, "ask_gateway"),
    (.inDoubt, .restartedAfterSend, "ambiguous", false, "ask_gateway"),
    (.inDoubt, .unknownAnswer, "unknown", false, "ask_gateway"),
  ])
  func errorsSayWhatToDo(
    _ kind: OutcomeKind, _ code: OutcomeError, _ errorClass: String, _ isRetryable: Bool, _ next: String
  ) throws {
    let read = try encode(record(kind, code))
    let error = try #require(read.object["error"] as? [String: Any])
    #expect(
      Set(error.keys) == ["class", "code", "message", "retryable", "next", "problems", "problems_total"])
    #expect(error["class"] as? String == errorClass)
    #expect(error["code"] as? String == "\(code.code)")
    #expect(error["retryable"] as? Bool == isRetryable)
    #expect(error["next"] as? String == next)
    #expect(read.object["gateway"] is NSNull)
    #expect(read.object["total_ms"] is NSNull)
    #expect(read.object["queue_ms"] is NSNull)
    #expect(read.headers["error_class"] == errorClass)
    #expect(read.object["success"] as? Bool == false)
  }

  @Test func problemsAndAttempts() throws {
    var record = record(.invalid, .invalidEvent)
    record.problems = [
      OutcomeProblem(pointer: "/a\"b", code: "missing"), OutcomeProblem(pointer: "", code: "empty"),
    ]
    record.problemCount = 40
    record.attemptCount = 2
    var attempt = LoggedAttempt(effect: .none)
    attempt.startedAt = WallTime(milliseconds: 5)
    attempt.milliseconds = 7
    attempt.subCode = "isp.x"
    record.attemptLog = [LoggedAttempt(effect: .unknown), attempt]
    let read = try encode(record)
    let error = try #require(read.object["error"] as? [String: Any])
    #expect((error["problems"] as? [[String: String]])?.first == ["pointer": "/a\"b", "code": "missing"])
    #expect(error["problems_total"] as? Int == 40)
    let log = try #require(read.object["attempt_log"] as? [[String: Any]])
    #expect(log.count == 2)
    #expect(log[0]["at"] is NSNull)
    #expect(log[0]["effect"] as? String == "unknown")
    #expect(log[1]["ms"] as? Int == 7)
    #expect(log[1]["sub_code"] as? String == "isp.x")
  }

  @Test func longIdsAreCutAndMarked() throws {
    let texts = Texts()
    var long = record(.invalid, .invalidEvent)
    let sid = String(repeating: "你", count: 200)
    long.sid = texts(sid)
    long.messageID = texts(String(repeating: "x", count: 256))
    long.eventID = texts([0xFF, 0xFE, 0x41])
    let read = try encode(long)
    let cut = try #require(read.object["sid"] as? String)
    #expect(cut.utf8.count <= 256)
    #expect(cut.contains("…#"))
    #expect(cut.hasPrefix("你你"))
    #expect((read.object["message_id"] as? String)?.utf8.count == 256)
    #expect((read.object["event_id"] as? String)?.hasSuffix("A") == true)
  }

  @Test func nothingIsLongerThanTheLimitWhateverItHolds() throws {
    let texts = Texts()
    for filler in ["\u{1}", "\"", "你", "x", "😀"] {
      var worst = record(.rejected, .refusedByGateway)
      let text = String(repeating: filler, count: 5_000)
      worst.eventID = texts(text)
      worst.messageID = texts(text)
      worst.sid = texts(text)
      worst.buID = texts(text)
      worst.sessionSource = texts(text)
      worst.openInstanceID = texts(text)
      worst.corpID = texts(text)
      worst.key = texts(text)
      var gateway = AnsweredAttempt(httpStatus: 200)
      for path in [
        \AnsweredAttempt.message, \.subCode, \.subMessage, \.resultCode, \.resultMessage, \.data, \.requestID,
      ] { gateway[keyPath: path] = texts(String(repeating: filler, count: 300)) }
      worst.gateway = gateway
      worst.problems = Array(repeating: OutcomeProblem(pointer: "/" + text, code: "not_allowed"), count: 32)
      worst.attemptCount = 5
      var attempt = LoggedAttempt(effect: .unknown)
      attempt.subCode = text
      worst.attemptLog = Array(repeating: attempt, count: 5)
      worst.copiedHeaders = (0..<20).map { _ in (texts("name")!, texts(text)!) }
      let read = try encode(worst)
      #expect(read.byteCount <= OutcomeEncoder.outcomeByteLimit, "\(filler): \(read.byteCount)")
      #expect((read.key?.count ?? 0) == 64, "a key over 4 KiB becomes its SHA-256")
    }
  }

  /// gateway's text, content, cms_id → what the outcome shows
  @Test(arguments: [
    ("hello wor", "say hello world", "", "<echo>"), ("hello w", "say hello world", "", "hello w"),
    ("member c-77 unknown", "x", "c-77", "<echo>"), ("code 17", "x", "7", "code 17"),
    ("member 7 unknown", "x", "7", "<echo>"), ("a\u{7}b\nc", "x", "", "abc"),
    (String(repeating: "é", count: 200), "x", "", String(repeating: "é", count: 128)),
  ])
  func gatewayTextsShowNothingOfTheMessage(
    _ text: String, _ content: String, _ cmsID: String, _ shown: String
  ) throws {
    let texts = Texts()
    var record = record(.rejected, .refusedByBackend)
    record.content = texts(content)
    if !cmsID.isEmpty { record.cmsID = texts(cmsID) }
    var gateway = AnsweredAttempt(httpStatus: 200)
    gateway.resultMessage = texts(text)
    record.gateway = gateway
    let read = try encode(record)
    #expect((read.object["gateway"] as? [String: Any])?["result_message"] as? String == shown)
  }

  @Test func searchingALongContentStaysCheap() {
    let texts = Texts()
    let search = EchoSearch(
      content: texts(String(repeating: "aaaaaaab", count: 8_192)), cmsID: nil, senderID: nil)
    let text = texts(String(repeating: "aaaaaaa", count: 40))!
    let elapsed = ContinuousClock().measure {
      #expect(!search.finds(in: UnsafeRawBufferPointer(rebasing: text[..<7])))
    }
    let whole = ContinuousClock().measure { _ = search.finds(in: text) }
    print("echo search in 64 KiB: \(whole), too short: \(elapsed)")
    #expect(whole < .milliseconds(50))
  }

  @Test func anOutcomeCostsAboutAMicrosecond() {
    let texts = Texts()
    var record = record(.delivered, nil)
    record.eventID = texts("chat-events/3/1234")
    record.messageID = texts("768572312")
    record.sid = texts("testSessionId")
    record.buID = texts("100")
    record.sessionSource = texts("XSpace")
    record.contentType = 1
    record.key = texts("testSessionId")
    record.content = texts(String(repeating: "Where is my parcel? ", count: 5))
    var gateway = AnsweredAttempt(httpStatus: 200)
    gateway.resultCode = texts("200")
    gateway.resultMessage = texts("success")
    gateway.data = texts("11496248")
    gateway.requestID = texts("qm2xsck5fkzi")
    record.gateway = gateway
    var encoder = OutcomeEncoder(identity: identity)
    var bytes: [UInt8] = []
    let count = 50_000
    var entry = encoder.encode(record, epoch: Epoch(1), appendingTo: &bytes)
    let elapsed = ContinuousClock().measure {
      for _ in 0..<count {
        bytes.removeAll(keepingCapacity: true)
        entry = encoder.encode(record, epoch: Epoch(1), appendingTo: &bytes)
      }
    }
    print(
      "outcome, \(entry.value.count) bytes and \(entry.headers.count) of headers: \((elapsed / count) / .microseconds(1)) µs"
    )
    #expect(entry.value.count > 500)
  }
}
