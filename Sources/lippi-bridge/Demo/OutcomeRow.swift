internal import CSimdjson
internal import ChatEvents

/// What a person wants to see of one outcome.
struct OutcomeRow {
  var source: String
  var outcome: String
  var conversation: String
  var messageID: String
  var contentType: String
  var attempts: String
  var milliseconds: Int?
  var note: String

  private static let contentTypes = [
    "text", "image", "video", "link", "voice", "markdown", "action_card", "rich_text", "file", "read",
  ]

  /// Nil if the value is no outcome.
  init?(_ value: UnsafeRawBufferPointer, _ reader: inout JSONReader) {
    let row = reader.read(value) { _, tokens -> OutcomeRow? in
      guard tokens.count > 0 else { return nil }
      return OutcomeRow(OutcomeMembers(tokens: tokens))
    }
    guard let row else { return nil }
    self = row
  }

  private init?(_ members: OutcomeMembers) {
    guard let outcome = members.text("outcome") else { return nil }
    self.outcome = outcome
    source = "\(members.text("source", "partition") ?? "?")/\(members.text("source", "offset") ?? "?")"
    conversation = members.text("sid") ?? "–"
    messageID = members.text("message_id") ?? "–"
    let number = members.text("content_type").flatMap { Int($0) }
    contentType = number.map { (1...10).contains($0) ? Self.contentTypes[$0 - 1] : "\($0)" } ?? "–"
    attempts = members.text("attempts") ?? "?"
    milliseconds = members.text("total_ms").flatMap { Int($0) }
    note = members.note
  }

  static let heading = Self.line(
    "outcome", "conversation", "message", "type", "attempts", "ms", "what happened")

  func line(isColoured: Bool) -> String {
    let text = Self.line(
      outcome, conversation, messageID, contentType, attempts, milliseconds.map { "\($0)" } ?? "–", note)
    guard isColoured else { return text }
    let colour =
      switch outcome {
      case "delivered": note.isEmpty ? "32" : "33"
      case "in_doubt": "35"
      default: "31"
      }
    return "\u{1b}[\(colour)m\(text)\u{1b}[0m"
  }

  private static func line(
    _ outcome: String, _ conversation: String, _ message: String, _ type: String, _ attempts: String,
    _ ms: String,
    _ note: String
  ) -> String {
    let columns = [(outcome, 10), (conversation, 13), (message, 14), (type, 12)].map { text, width in
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let numbers = [(attempts, 8), (ms, 6)].map { text, width in
      String(repeating: " ", count: max(0, width - text.count)) + text + "  "
    }
    return (columns + numbers + [note]).joined()
  }
}

/// Members of an outcome by name.
private struct OutcomeMembers {
  let tokens: UnsafeBufferPointer<csimdjson_token>

  func text(_ name: String, _ inner: String? = nil) -> String? {
    guard let member = find(name, in: 0) else { return nil }
    guard let inner else { return text(at: member) }
    return find(inner, in: member).flatMap { text(at: $0) }
  }

  /// In words, and only what is worth saying.
  var note: String {
    var parts: [String] = []
    if let code = text("error", "code") { parts.append(code) }
    if let error = find("error", in: 0), let problems = find("problems", in: error) {
      var problem = problems + 1
      while problem < Int(tokens[problems].end) {
        let pointer = find("pointer", in: problem).flatMap { text(at: $0) } ?? ""
        let code = find("code", in: problem).flatMap { text(at: $0) } ?? ""
        parts.append(pointer.isEmpty ? code : "\(pointer) \(code)")
        problem = Int(tokens[problem].end)
      }
    }
    if let subCode = text("gateway", "sub_code") { parts.append(subCode) }
    if text("success") != "true", let result = text("gateway", "result_code") {
      parts.append("result \(result)")
    }
    if text("possible_duplicate") == "true" { parts.append("possible duplicate") }
    if parts.isEmpty, let attempts = text("attempts"), attempts != "1" { parts.append("after a retry") }
    return parts.joined(separator: ", ")
  }

  private func find(_ name: String, in object: Int) -> Int? {
    guard tokens[object].isObject else { return nil }
    var member = object + 1
    while member < Int(tokens[object].end) {
      if tokens[member].keyBytes.elementsEqual(name.utf8) { return member }
      member = Int(tokens[member].end)
    }
    return nil
  }

  private func text(at index: Int) -> String? {
    if tokens[index].isTrue { return "true" }
    guard tokens[index].isString || tokens[index].isNumber else { return nil }
    return String(decoding: tokens[index].textBytes, as: UTF8.self)
  }
}
