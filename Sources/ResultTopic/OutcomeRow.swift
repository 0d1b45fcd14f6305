package import BridgeCore
import ChatEvents
import Glibc

/// What a person wants to see of one outcome, in columns. Nothing in it can harm a terminal.
package struct OutcomeRow {
  private var kind: OutcomeKind
  private var milliseconds: Int64?
  private var finishedAt: Int64?
  private var conversation: String
  private var messageID: String
  private var contentType: String
  private var attempts: String
  private var note: String
  private var needsAttention: Bool

  package init(_ members: OutcomeMembers, _ kind: OutcomeKind) {
    self.kind = kind
    finishedAt = members.number("finished_at")
    milliseconds = members.number("total_ms")
    conversation = Self.safe(members.text("sid"))
    messageID = Self.safe(members.text("message_id"))
    contentType = members.number("content_type").map(Self.contentType) ?? "–"
    attempts = members.number("attempts").map { "\($0)" } ?? "?"
    note = TerminalText.safe(OutcomeWords.note(of: members))
    needsAttention = members.isTrue("possible_duplicate")
  }

  package static let heading = Self.line(
    "time", "outcome", "conversation", "message_id", "type", "attempts", "ms", "what happened")

  /// `now`: a time of the last twelve hours is shown without its date.
  package func line(isColoured: Bool, now: WallTime) -> String {
    let text = Self.line(
      finishedAt.map { Self.clock($0, now.milliseconds) } ?? "–", "\(kind.name)", conversation, messageID,
      contentType, attempts,
      milliseconds.map { "\($0)" } ?? "–", note)
    return isColoured ? "\u{1b}[\(colour)m\(text)\u{1b}[0m" : text
  }

  private static func contentType(_ number: Int64) -> String {
    ContentType.name(of: number).map { "\($0)" } ?? "\(number)"
  }

  private var colour: String {
    switch kind {
    case .delivered: needsAttention ? "33" : "32"
    case .inDoubt: "35"
    case .rejected, .invalid, .expired, .failed: "31"
    }
  }

  private static func line(
    _ time: String, _ outcome: String, _ conversation: String, _ message: String, _ type: String,
    _ attempts: String, _ ms: String, _ note: String
  ) -> String {
    let columns = [(time, 16), (outcome, 11), (conversation, 14), (message, 15), (type, 12)].map {
      text, width in
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let numbers = [(attempts, 8), (ms, 6)].map { text, width in
      String(repeating: " ", count: max(0, width - text.count)) + text + "  "
    }
    let line = (columns + numbers + [note]).joined()
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  private static func safe(_ text: String?) -> String { text.map(TerminalText.safe) ?? "–" }

  private static let recentMilliseconds: Int64 = 12 * 3_600_000

  /// This machine's time of day, to the millisecond; of older outcomes the date as well, to the second.
  private static func clock(_ milliseconds: Int64, _ now: Int64) -> String {
    var seconds = time_t(milliseconds / 1_000)
    var local = tm()
    // Times of others may lie beyond all calendars.
    guard localtime_r(&seconds, &local) != nil, local.tm_year < 8_100 else { return "–" }
    let time =
      "\(padded(Int(local.tm_hour), 2)):\(padded(Int(local.tm_min), 2)):\(padded(Int(local.tm_sec), 2))"
    guard abs(now.subtractingReportingOverflow(milliseconds).partialValue) > recentMilliseconds else {
      return "\(time).\(padded(Int(milliseconds % 1_000), 3))"
    }
    return "\(padded(Int(local.tm_mon) + 1, 2))-\(padded(Int(local.tm_mday), 2)) \(time)"
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
