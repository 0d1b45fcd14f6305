internal import Glibc

/// One JSON line for each request: the last ones in memory, all of them in a file. Sequence numbers follow the
/// order of the lines, without gaps; `arrived_us` gives the order of arrival.
struct RequestLog: ~Copyable {
  /// Lines that `/_log` still knows; up to one chunk more.
  static let lineLimit = 200_000
  /// How old a line may get before it is in the file.
  static let flushIntervalMilliseconds: Int64 = 50
  static let chunkLines = 4096
  static let flushThresholdBytes = 64 * 1024

  private final class Chunk {
    let firstSequence: Int64
    var lineCount = 0
    var text = Octets(capacity: 256 * 1024)

    init(firstSequence: Int64) { self.firstSequence = firstSequence }
  }

  private var chunks: [Chunk] = []
  private var lineCount = 0
  private(set) var lastSequence: Int64 = 0
  private let file: Int32?
  private var unwritten = Octets(capacity: 128 * 1024)
  /// Monotonic nanoseconds by which the file is written; nil while nothing waits.
  private(set) var flushDue: Int64?
  /// Writes to the file that failed; what they held is only in memory.
  private(set) var writeFailureCount: Int64 = 0
  private var line = Octets(capacity: 1024)

  /// `file` stays the caller's.
  init(file: Int32?) { self.file = file }

  mutating func add(_ facts: borrowing RequestFacts, answer: PlannedAnswer?, completed: Int64, now: Int64) {
    lastSequence += 1
    line.removeAll(keeping: 16 * 1024)
    facts.write(sequence: lastSequence, completed: completed, answer: answer, into: &line)
    keep()
    guard file != nil else { return }
    unwritten.append(line.bytes)
    if flushDue == nil { flushDue = now + Self.flushIntervalMilliseconds * 1_000_000 }
    if unwritten.count >= Self.flushThresholdBytes { flush() }
  }

  private mutating func keep() {
    if chunks.last.map({ $0.lineCount >= Self.chunkLines }) ?? true {
      if let oldest = chunks.first, lineCount - oldest.lineCount >= Self.lineLimit {
        lineCount -= oldest.lineCount
        chunks.removeFirst()
      }
      chunks.append(Chunk(firstSequence: lastSequence))
    }
    guard let newest = chunks.last else { return }
    newest.text.append(line.bytes)
    newest.lineCount += 1
    lineCount += 1
  }

  /// Writes what waits into the file.
  mutating func flush() {
    flushDue = nil
    guard let file else { return }
    while !unwritten.isEmpty {
      let written = write(file, unwritten.bytes.baseAddress, unwritten.count)
      if written > 0 {
        unwritten.consume(written)
      } else if written == 0 || errno != EINTR {
        writeFailureCount += 1
        unwritten.removeAll()
      }
    }
  }

  /// The lines behind `sequence` that are still known.
  func lines(after sequence: Int64, into body: inout Octets) {
    for chunk in chunks where chunk.firstSequence + Int64(chunk.lineCount) - 1 > sequence {
      var position = 0
      var skipped = max(sequence - chunk.firstSequence + 1, 0)
      while skipped > 0, let newline = chunk.text.bytes.firstIndex(of: 0x0A, from: position) {
        position = newline + 1
        skipped -= 1
      }
      body.append(chunk.text.bytes.slice(position, chunk.text.count))
    }
  }
}
