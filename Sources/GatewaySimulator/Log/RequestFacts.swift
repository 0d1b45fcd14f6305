/// What the log says about one request once its connection is done with it.
struct RequestFacts: ~Copyable {
  /// Microseconds since 1970; no two requests of a simulator share one.
  var arrivedMicroseconds: Int64 = 0
  /// The message was executed: the agent got it.
  var isTaken = false
  /// The whole request was read.
  private(set) var isComplete = false
  /// The members from `complete` to `content_sha256`, written when they become known.
  private(set) var members = Octets(capacity: 256)

  mutating func begin(at microseconds: Int64) {
    arrivedMicroseconds = microseconds
    isTaken = false
    isComplete = false
    members.removeAll(keeping: 8 * 1024)
    members.append("\"complete\":false,\"signature_ok\":false,")
    members.append("\"sid\":null,\"message_id\":null,\"content_sha256\":null")
  }

  mutating func complete(_ examination: Examination, contentDigest: Bytes?) {
    isComplete = true
    members.removeAll()
    members.append("\"complete\":true,\"signature_ok\":")
    members.append(examination.signatureIsRight ? "true" : "false")
    members.append(",\"sid\":")
    Self.append(examination.sid, to: &members)
    members.append(",\"message_id\":")
    Self.append(examination.messageID, to: &members)
    members.append(",\"content_sha256\":")
    if let contentDigest {
      members.append("\"")
      members.append(lowercaseHex: contentDigest)
      members.append("\"")
    } else {
      members.append("null")
    }
  }

  /// `answer` is nil when the client did not get a whole one.
  borrowing func write(sequence: Int64, completed: Int64, answer: PlannedAnswer?, into line: inout Octets) {
    line.append("{\"seq\":")
    line.append(decimal: sequence)
    line.append(",\"arrived_us\":")
    line.append(decimal: arrivedMicroseconds)
    line.append(",\"completed_us\":")
    line.append(decimal: completed)
    line.append(",")
    line.append(members.bytes)
    line.append(",\"answer\":")
    if let answer { answer.writeLogged(into: &line) } else { line.append("null") }
    line.append(isTaken ? ",\"taken\":true}\n" : ",\"taken\":false}\n")
  }

  private static func append(_ text: Bytes?, to members: inout Octets) {
    if let text { members.append(jsonString: text) } else { members.append("null") }
  }
}

extension PlannedAnswer {
  /// `code` is the gateway's number, `result_code` the backend's text when that refused; both are null for a success
  /// and where no gateway answered.
  fileprivate func writeLogged(into line: inout Octets) {
    line.append("{\"http\":")
    line.append(decimal: Int64(status))
    switch content {
    case .delivered, .page, .text: Self.append(code: nil, nil, nil, to: &line)
    case .refused(let refusal): Self.append(code: refusal.code, refusal.subCode?.bytes, nil, to: &line)
    case .error(let code, let subCode, _):
      subCode.withUnsafeBufferPointer {
        Self.append(code: code, $0.isEmpty ? nil : $0, nil, to: &line)
      }
    case .backendRefused(let code, _):
      code.withUnsafeBufferPointer { Self.append(code: nil, nil, $0, to: &line) }
    }
  }

  private static func append(code: Int?, _ subCode: Bytes?, _ resultCode: Bytes?, to line: inout Octets) {
    line.append(",\"code\":")
    if let code { line.append(decimal: Int64(code)) } else { line.append("null") }
    line.append(",\"sub_code\":")
    if let subCode { line.append(jsonString: subCode) } else { line.append("null") }
    line.append(",\"result_code\":")
    if let resultCode { line.append(jsonString: resultCode) } else { line.append("null") }
    line.append("}")
  }
}
