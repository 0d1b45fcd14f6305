import BridgeCore
import Foundation
import Testing

@testable import BridgeOps

@Suite struct SlowReaderTests {
  private let time = WallTime(milliseconds: 1_577_096_532_390)

  @Test func aReaderThatDoesNotReadHoldsNobodyUp() throws {
    let pipe = Pipe()
    let log = Log(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .json, threshold: .info)
    // Far more than a pipe and the queue hold.
    let filler = String(repeating: "x", count: 1_000)
    let count = Log.waitingLimit * 3
    for _ in 0..<count { log.write(LogLine(.info, "filler", [(.detail, .text(filler))], at: time)) }
    #expect(log.droppedCount > 0)
    #expect(!log.flush(atMost: .milliseconds(20)))
    let reading = DispatchQueue(label: "reader")
    let lines = LineCount()
    reading.async { lines.read(pipe.fileHandleForReading) }
    #expect(log.flush(atMost: .seconds(20)))
    log.write(LogLine(.info, "end", at: time))
    #expect(log.flush(atMost: .seconds(20)))
    try pipe.fileHandleForWriting.close()
    reading.sync {}
    #expect(lines.count(of: "filler") == count - log.droppedCount)
    #expect(lines.count(of: "end") == 1)
    #expect(lines.count(of: "log lines dropped") >= 1)
  }

  @Test func aReaderThatIsGoneCostsLinesAndNothingElse() throws {
    // Swift's test runner does not ignore it.
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    let log = Log(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .json, threshold: .info)
    try pipe.fileHandleForReading.close()
    for _ in 0..<10 { log.write(LogLine(.info, "unread", at: time)) }
    #expect(log.flush(atMost: .seconds(20)))
    #expect(log.droppedCount == 10)
  }

  @Test func aDescriptorThatSomebodyMadeNonBlockingLosesNothing() throws {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
    let log = Log(descriptor: descriptor, format: .json, threshold: .info)
    let filler = String(repeating: "x", count: 1_000)
    // Several times what a pipe holds, but less than the queue.
    let count = 1_000
    for _ in 0..<count { log.write(LogLine(.info, "filler", [(.detail, .text(filler))], at: time)) }
    #expect(!log.flush(atMost: .milliseconds(20)))
    let reading = DispatchQueue(label: "reader")
    let lines = LineCount()
    reading.async { lines.read(pipe.fileHandleForReading) }
    #expect(log.flush(atMost: .seconds(20)))
    try pipe.fileHandleForWriting.close()
    reading.sync {}
    #expect(log.droppedCount == 0)
    #expect(lines.count(of: "filler") == count)
  }

  @Test func linesBelowTheThresholdAreNotWritten() throws {
    for threshold in LogSeverity.allCases {
      let pipe = Pipe()
      let log = Log(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .json, threshold: threshold)
      for severity in LogSeverity.allCases { log.write(LogLine(severity, "line", at: time)) }
      #expect(log.flush(atMost: .seconds(20)))
      try pipe.fileHandleForWriting.close()
      let written = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      let levels = written.split(separator: "\n").map { $0.split(separator: "\"")[7] }
      #expect(levels == LogSeverity.allCases.filter { $0 >= threshold }.map { "\($0.name)"[...] })
    }
  }
}

/// Reads to the end and counts lines by message.
private final class LineCount: @unchecked Sendable {
  private var counts: [String: Int] = [:]

  func read(_ handle: FileHandle) {
    for line in String(decoding: handle.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n") {
      let message = line.components(separatedBy: #""message":""#)[1].prefix { $0 != "\"" }
      counts[String(message), default: 0] += 1
    }
  }

  func count(of message: String) -> Int { counts[message] ?? 0 }
}
