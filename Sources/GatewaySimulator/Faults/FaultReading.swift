/// Why a posted fault is not accepted, as a sentence for whoever posted it.
struct FaultProblem: Error {
  var sentence: String

  init(_ sentence: String) { self.sentence = sentence }
}

/// `kind` of a posted fault.
enum FaultKind: String, CaseIterable {
  case answer, ban, html, text, close, reset, stall, latency, gzip, chunked, drip
  case idleClose = "idle_close"
}

/// The members of a posted fault as they came; null is as good as absent.
private struct PostedFault {
  var texts: [String: [UInt8]] = [:]
  var numbers: [String: Double] = [:]
  var delivered: Bool?
  var problem: FaultProblem?

  private static let textNames: Set = [
    "kind", "sub_code", "sub_msg", "result_code", "when", "sid", "message_id", "body",
  ]
  private static let numberNames: Set = [
    "code", "seconds", "ms", "count", "rate", "result_code", "http", "retry_after",
  ]

  mutating func take(_ member: JSONMember) {
    let name = String(decoding: member.name, as: UTF8.self)
    if member.isDamaged {
      problem = FaultProblem("\(name) holds an escape that stands for no character")
      return
    }
    switch member.kind {
    case .null: break
    case .string where Self.textNames.contains(name): texts[name] = Array(member.text)
    case .number where name == "result_code": texts[name] = Array(member.text)
    case .number where Self.numberNames.contains(name):
      numbers[name] = Double(String(decoding: member.text, as: UTF8.self))
    case .truth where name == "delivered": delivered = true
    case .falsehood where name == "delivered": delivered = false
    case .string, .number, .truth, .falsehood, .object, .array:
      let isKnown = Self.textNames.contains(name) || Self.numberNames.contains(name) || name == "delivered"
      problem = FaultProblem(isKnown ? "\(name) is of another kind" : "no fault has a member \(name)")
    }
  }

  func text(_ name: String) -> String? { texts[name].map { String(decoding: $0, as: UTF8.self) } }

  func whole(_ name: String, _ allowed: ClosedRange<Int64>) throws(FaultProblem) -> Int64? {
    guard let number = numbers[name] else { return nil }
    guard let whole = Int64(exactly: number), allowed.contains(whole) else {
      throw FaultProblem("\(name) is a whole number from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return whole
  }
}

extension Fault {
  static let countLimit: Int64 = 1_000_000_000
  static let banLimitSeconds: Int64 = 1_000_000
  static let latencyLimitMilliseconds: Int64 = 3_600_000
  /// Of answers with a body, which 204 and 304 have not.
  static let statuses: ClosedRange<Int64> = 200...599
  static let defaultBanSubCode = "accesscontrol.limited-by-app-access-count"

  static func read(_ document: Bytes, _ reader: borrowing JSONReader) throws(FaultProblem) -> Fault {
    var posted = PostedFault()
    guard reader.read(document, { posted.take($0) }) else { throw FaultProblem("a fault is one JSON object") }
    if let problem = posted.problem { throw problem }
    let moment = try moment(posted)
    let effect = try effect(posted, moment)
    var fault = Fault(
      effect: effect, remaining: try posted.whole("count", 1...countLimit), rate: posted.numbers["rate"] ?? 1,
      sid: posted.texts["sid"], messageID: posted.texts["message_id"], isDelivered: posted.delivered)
    guard fault.rate >= 0 && fault.rate <= 1 else { throw FaultProblem("rate is a number from 0 to 1") }
    // A ban that began anew with every request behind it would never end.
    if case .ban = effect, fault.remaining == nil { fault.remaining = 1 }
    switch effect.sort {
    case .head, .idleClose:
      guard fault.sid == nil && fault.messageID == nil else {
        throw FaultProblem("before_read and idle_close know neither sid nor message_id")
      }
    case .ending, .latency, .gzip, .chunked, .drip: break
    }
    return fault
  }

  private static func moment(_ posted: PostedFault) throws(FaultProblem) -> FaultMoment {
    switch posted.text("when") {
    case nil, "after_read": return .afterRead
    case "before_read": return .beforeRead
    case "mid_answer": return .midAnswer
    case .some: throw FaultProblem("when is before_read, after_read or mid_answer")
    }
  }

  private static func effect(
    _ posted: PostedFault, _ moment: FaultMoment
  ) throws(FaultProblem) -> FaultEffect {
    guard let kind = FaultKind(rawValue: posted.text("kind") ?? "") else {
      throw FaultProblem("kind is one of \(GatewaySimulator.faultKinds.joined(separator: ", "))")
    }
    switch kind {
    case .answer: return .answer(try answer(posted))
    case .ban:
      guard let seconds = try posted.whole("seconds", 1...banLimitSeconds) else {
        throw FaultProblem("a ban has seconds")
      }
      let subCode = posted.texts["sub_code"] ?? []
      return .ban(
        seconds: seconds, subCode: subCode.isEmpty ? Array(defaultBanSubCode.utf8) : subCode,
        subMessage: posted.texts["sub_msg"])
    case .latency: return .latency(milliseconds: try milliseconds(posted))
    case .drip:
      return .drip(milliseconds: try posted.whole("ms", 1...latencyLimitMilliseconds) ?? 1)
    case .idleClose: return .idleClose(milliseconds: try milliseconds(posted))
    case .gzip: return .gzip
    case .chunked: return .chunked
    case .close: return .connection(.close, moment)
    case .reset: return .connection(.reset, moment)
    case .stall: return .connection(.stall, moment)
    case .html: return .answer(try page(posted))
    case .text:
      return .answer(try labelled(posted, .text(posted.texts["body"] ?? []), status: 200))
    }
  }

  private static func answer(_ posted: PostedFault) throws(FaultProblem) -> PlannedAnswer {
    let subMessage = posted.texts["sub_msg"]
    if let result = posted.texts["result_code"] {
      let message = subMessage ?? Array("SYSTEM_ERROR".utf8)
      return try labelled(posted, .backendRefused(code: result, message: message), status: 200)
    }
    let code = Int(try posted.whole("code", 0...99_999) ?? 15)
    let subCode = posted.texts["sub_code"] ?? []
    return try labelled(
      posted, .error(code: code, subCode: subCode, subMessage: subMessage ?? []), status: 200)
  }

  private static func page(_ posted: PostedFault) throws(FaultProblem) -> PlannedAnswer {
    // A code that is no HTTP status was meant for an answer of the gateway.
    let code = try posted.whole("code", 0...99_999) ?? 502
    return try labelled(posted, .page, status: statuses.contains(code) ? Int(code) : 502)
  }

  private static func labelled(
    _ posted: PostedFault, _ content: AnswerContent, status: Int
  ) throws(FaultProblem) -> PlannedAnswer {
    let own = try posted.whole("http", statuses).map { Int($0) } ?? status
    if own == 204 || own == 304 { throw FaultProblem("an answer with http \(own) has no body") }
    return PlannedAnswer(
      content: content, status: own,
      retryAfterSeconds: try posted.whole("retry_after", 0...banLimitSeconds))
  }

  private static func milliseconds(_ posted: PostedFault) throws(FaultProblem) -> Int64 {
    guard let milliseconds = try posted.whole("ms", 0...latencyLimitMilliseconds) else {
      throw FaultProblem("latency and idle_close have ms")
    }
    return milliseconds
  }
}
