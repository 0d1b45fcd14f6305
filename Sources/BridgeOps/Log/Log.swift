package import BridgeCore
import Dispatch
import Glibc
import Synchronization

/// Writes lines to a descriptor from any thread. A reader that is slow or gone never holds the caller up: lines wait
/// in a bounded queue, and those that find it full are counted instead.
package final class Log: Sendable {
  package enum Format: Sendable { case json, text }

  /// Lines that wait for a slow reader.
  package static let waitingLimit = 4_096

  private struct Waiting {
    var lines: [LogLine] = []
    var droppedCount = 0
    var toldDroppedCount = 0
    var isWriting = false
  }

  private let descriptor: Int32
  private let format: Format
  private let threshold: LogSeverity
  private let waiting = Mutex(Waiting())
  private let writer = DispatchQueue(label: "log", qos: .default)

  package init(descriptor: Int32, format: Format, threshold: LogSeverity) {
    self.descriptor = descriptor
    self.format = format
    self.threshold = threshold
  }

  /// Lines of this severity are written: for whoever has much to do for a line.
  package func writes(_ severity: LogSeverity) -> Bool { severity >= threshold }

  package func write(_ line: LogLine) {
    guard writes(line.severity) else { return }
    let startsWriting = waiting.withLock { waiting in
      guard waiting.lines.count < Self.waitingLimit else {
        waiting.droppedCount += 1
        return false
      }
      waiting.lines.append(line)
      defer { waiting.isWriting = true }
      return !waiting.isWriting
    }
    if startsWriting { writer.async { self.writeWaiting() } }
  }

  /// Lines that were not written because the reader was too slow, or gone.
  package var droppedCount: Int { waiting.withLock { $0.droppedCount } }

  /// Waits until what was written so far is out, at most `limit`; says whether it is.
  @discardableResult
  package func flush(atMost limit: TimeSpan) -> Bool {
    let done = DispatchSemaphore(value: 0)
    writer.async { done.signal() }
    return done.wait(timeout: .now() + .microseconds(Int(limit.microseconds))) == .success
  }

  private func writeWaiting() {
    var text = ByteBuffer(capacity: 4_096)
    while let round = takeRound() {
      text.removeAll()
      for line in round.lines { append(line, to: &text) }
      if round.newlyDroppedCount > 0, let last = round.lines.last {
        let count = (LogKey.count, LogValue.integer(Int64(round.newlyDroppedCount)))
        append(LogLine(.warning, "log lines dropped", [count], at: last.time), to: &text)
      }
      let lostCount = text.withBytes { writeAll($0) }
      guard lostCount > 0 else { continue }
      waiting.withLock { waiting in
        // The line about dropped ones is the last: it is lost whenever another is, and then still to be said.
        waiting.toldDroppedCount -= round.newlyDroppedCount
        waiting.droppedCount += lostCount - (round.newlyDroppedCount > 0 ? 1 : 0)
      }
    }
  }

  /// What waits; nil ends the writing: the next line starts it again.
  private func takeRound() -> (lines: [LogLine], newlyDroppedCount: Int)? {
    waiting.withLock { waiting in
      guard !waiting.lines.isEmpty else {
        waiting.isWriting = false
        return nil
      }
      let round = (waiting.lines, waiting.droppedCount - waiting.toldDroppedCount)
      waiting.lines = []
      waiting.toldDroppedCount = waiting.droppedCount
      return round
    }
  }

  private func append(_ line: LogLine, to text: inout ByteBuffer) {
    switch format {
    case .json: line.appendJSON(to: &text)
    case .text: line.appendText(to: &text)
    }
  }

  /// Says how many lines could not be written. Waits for a slow reader: on the queue's thread, which nothing else
  /// waits for.
  private func writeAll(_ text: UnsafeRawBufferPointer) -> Int {
    var rest = text
    while rest.count > 0 {
      let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        continue
      }
      switch written < 0 ? errno : EIO {
      case EINTR: continue
      case EAGAIN:
        // Whoever shares the descriptor has made it non-blocking.
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wanted, 1, -1)
      default:
        // A reader that went away is no reason to stop working.
        return rest.count { $0 == UInt8(ascii: "\n") }
      }
    }
    return 0
  }
}
