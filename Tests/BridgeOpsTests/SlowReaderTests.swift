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

  @Test func noValueMakesALineOrBreaksTheJSON() throws {
    for hostile in ["a\nb", "\u{0}\u{1b}[31m", #"","level":"error"#, "\\", "你好 😀", ""] {
      var buffer = ByteBuffer()
      LogLine(.error, "m", [(.detail, .text(hostile)), (.count, .integer(-5))], at: time).appendJSON(
        to: &buffer)
      let bytes = buffer.withBytes { Array($0) }
      #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
      let object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
      #expect(object["detail"] as? String == hostile)
      #expect(object["count"] as? Int == -5)
      #expect(object["timestamp"] as? String == "2019-12-23T10:22:12.390Z")
      #expect(object["level"] as? String == "error")
    }
  }

  @Test func oneLinePerCauseAndInterval() {
    var limiter = RepeatLimiter(interval: .seconds(30))
    func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(microseconds: seconds * 1_000_000) }
    #expect(limiter.admit("a", at: at(0)) == 0)
    #expect(limiter.admit("a", at: at(1)) == nil)
    #expect(limiter.admit("b", at: at(1)) == 0)
    #expect(limiter.admit("a", at: at(29)) == nil)
    #expect(limiter.admit("a", at: at(30)) == 2)
    #expect(limiter.admit("a", at: at(31)) == nil)
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
