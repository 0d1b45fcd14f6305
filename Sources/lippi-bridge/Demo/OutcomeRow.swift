internal import ChatEvents
internal import Glibc

/// What a person wants to see of one outcome.
struct OutcomeRow {
  var outcome: String
  /// The worker that wrote it.
  var instance: String
  var milliseconds: Int?
  private var finishedAt: Int?
  private var conversation: String
  private var messageID: String
  private var contentType: String
  private var attempts: String
  private var note: String
  private var needsAttention: Bool

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
    instance = members.text("bridge", "instance") ?? ""
    milliseconds = members.text("total_ms").flatMap { Int($0) }
    finishedAt = members.text("finished_at").flatMap { Int($0) }
    conversation = members.text("sid") ?? "–"
    messageID = members.text("message_id") ?? "–"
    let number = members.text("content_type").flatMap { Int($0) }
    contentType = number.map { (1...10).contains($0) ? Self.contentTypes[$0 - 1] : "\($0)" } ?? "–"
    attempts = members.text("attempts") ?? "?"
    note = OutcomeWords.note(of: members)
    needsAttention = members.isTrue("possible_duplicate")
  }

  static let heading = Self.line(
    "time", "outcome", "conversation", "message_id", "type", "attempts", "ms", "what happened")

  func line(isColoured: Bool) -> String {
    let text = Self.line(
      finishedAt.map(Self.clock) ?? "–", outcome, conversation, messageID, contentType, attempts,
      milliseconds.map { "\($0)" } ?? "–", note)
    return isColoured ? "\u{1b}[\(colour)m\(text)\u{1b}[0m" : text
  }

  private var colour: String {
    switch outcome {
    case "delivered": needsAttention ? "33" : "32"
    case "in_doubt": "35"
    default: "31"
    }
  }

  private static func line(
    _ time: String, _ outcome: String, _ conversation: String, _ message: String, _ type: String,
    _ attempts: String, _ ms: String, _ note: String
  ) -> String {
    let columns = [(time, 14), (outcome, 11), (conversation, 14), (message, 15), (type, 12)].map {
      text, width in
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let numbers = [(attempts, 8), (ms, 6)].map { text, width in
      String(repeating: " ", count: max(0, width - text.count)) + text + "  "
    }
    let line = (columns + numbers + [note]).joined()
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  /// This machine's time of day, to the millisecond.
  private static func clock(_ milliseconds: Int) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var local = tm()
    localtime_r(&seconds, &local)
    return [
      padded(Int(local.tm_hour), 2), ":", padded(Int(local.tm_min), 2), ":", padded(Int(local.tm_sec), 2),
      ".",
      padded(milliseconds % 1_000, 3),
    ].joined()
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
