package import BridgeCore

package enum LogSeverity: UInt8, Sendable, Comparable, CaseIterable {
  case debug, info, warning, error

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  package var name: StaticString {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}

/// Names of fields; all of them are here, so that a log query finds one name for one thing.
package enum LogKey: String, Sendable, CaseIterable {
  case address, ambiguous, ceiling, code, committed, count, delivered, detail, epoch, events
  case exitCode = "exit_code"
  case expired, failed, fault, group
  case inDoubt = "in_doubt"
  case inFlight = "in_flight"
  case instance, invalid, lag, limit, mode
  case nextStep = "next_step"
  case outcomes, partition, partitions, reason, rejected, results, ruling, seconds, status
  case subCode = "sub_code"
  case token, topic, unresolved, url, version
}

package enum LogValue: Sendable {
  case text(String)
  case integer(Int64)

  /// Longer texts are cut: lines wait in memory, and some texts come from outside.
  package static let textByteLimit = 1_024

  fileprivate var bounded: LogValue {
    guard case .text(let text) = self, text.utf8.count > Self.textByteLimit else { return self }
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: Self.textByteLimit)
    // Not inside a character.
    while String.Index(end, within: text) == nil { end = text.utf8.index(before: end) }
    return .text("\(text[..<end])…")
  }
}

/// One line: a constant message and flat fields. Never content, never a secret.
package struct LogLine: Sendable {
  package var severity: LogSeverity
  package var message: StaticString
  package var fields: [(LogKey, LogValue)]
  package var time: WallTime

  package init(
    _ severity: LogSeverity, _ message: StaticString, _ fields: [(LogKey, LogValue)] = [], at time: WallTime
  ) {
    self.severity = severity
    self.message = message
    self.fields = fields.map { ($0, $1.bounded) }
    self.time = time
  }

  /// One JSON object and a line feed; control characters in values are escaped, so that no value makes a line.
  func appendJSON(to buffer: inout ByteBuffer) {
    buffer.append(#"{"timestamp":""#)
    buffer.appendTime(time)
    buffer.append(#"","level":"#)
    buffer.appendJSONString(severity.name)
    buffer.append(#","message":"#)
    buffer.appendJSONString(message)
    for (key, value) in fields {
      buffer.append(UInt8(ascii: ","))
      buffer.appendJSONString(text: key.rawValue)
      buffer.append(UInt8(ascii: ":"))
      switch value {
      case .text(let text): buffer.appendLogString(text)
      case .integer(let number): buffer.appendDecimal(number)
      }
    }
    buffer.append("}\n")
  }

  /// For a person at a terminal.
  func appendText(to buffer: inout ByteBuffer) {
    buffer.appendTime(time)
    buffer.append(UInt8(ascii: " "))
    buffer.append(severity.name)
    buffer.append(UInt8(ascii: " "))
    buffer.append(message)
    for (key, value) in fields {
      buffer.append(UInt8(ascii: " "))
      buffer.append(text: key.rawValue)
      buffer.append(UInt8(ascii: "="))
      switch value {
      case .text(let text): buffer.appendLogString(text)
      case .integer(let number): buffer.appendDecimal(number)
      }
    }
    buffer.append("\n")
  }
}
