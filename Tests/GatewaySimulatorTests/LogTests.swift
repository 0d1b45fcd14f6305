import Foundation
import Testing

@testable import GatewaySimulator

/// What the log keeps, in memory and in its file.
@Suite struct LogTests {
  static let names: Set = [
    "seq", "arrived_us", "completed_us", "complete", "signature_ok", "sid", "message_id", "content_sha256",
    "answer", "taken",
  ]

  private func withLogPath(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/simulator-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func lines(_ path: String) throws -> [[String: Any]] {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    return try parsedLines(try file.readToEnd() ?? Data())
  }

  @Test func oneLineForEachRequest() throws {
    try withLogPath { path in
      try withSimulator(SimulatorOptions(logPath: path)) { simulator in
        let client = try RawClient(simulator)
        let before = Int(Date().timeIntervalSince1970 * 1_000_000)
        #expect(try client.post(.valid(sid: "s\"1", messageID: "m\\1", content: "你好 😀")).isSuccess)
        var forged = TopRequest.valid(messageID: "m-2")
        forged.secret = "another"
        #expect(try client.post(forged).code == 25)
        let incomplete = try client.exchange("POST", "/router/rest")
        #expect(incomplete.text.contains("Missing method"))
        let lines = try simulator.logLines()
        #expect(lines.count == 3)
        for (index, line) in lines.enumerated() {
          #expect(Set(line.keys) == Self.names)
          #expect(line["seq"] as? Int == index + 1)
          let arrived = try #require(line["arrived_us"] as? Int)
          #expect(arrived >= before && arrived < before + 60_000_000)
          #expect(try #require(line["completed_us"] as? Int) >= arrived)
          #expect(line["complete"] as? Bool == true)
        }
        #expect(lines.map { $0["signature_ok"] as? Bool } == [true, false, false])
        #expect(lines.map { $0["taken"] as? Bool } == [true, false, false])
        #expect(lines.map { $0["sid"] as? String } == ["s\"1", "s-1", nil])
        #expect(lines.map { $0["message_id"] as? String } == ["m\\1", "m-2", nil])
        #expect(
          lines.map { $0["content_sha256"] as? String } == [
            // printf '你好 😀' | sha256sum; printf hello | sha256sum
            "11d38af3bdabe6b2cbeddca50ba2837db42ab16679896ed9cc0dfce30cfc1fa7",
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", nil,
          ])
        let answers = lines.map { $0["answer"] as? [String: Any] }
        #expect(answers.map { $0?["http"] as? Int } == [200, 200, 200])
        #expect(answers.map { $0?["code"] as? Int } == [nil, 25, 21])
        #expect(try simulator.logLines(after: 2).map { $0["seq"] as? Int } == [3])
        #expect(try simulator.logLines(after: 3).isEmpty)
      }
      #expect(try lines(path).count == 3)
    }
  }

  @Test func theFileFollowsWhileTheSimulatorRuns() throws {
    try withLogPath { path in
      try withSimulator(SimulatorOptions(logPath: path)) { simulator in
        #expect(try simulator.post(.valid()).isSuccess)
        let deadline = Date().addingTimeInterval(20)
        while try lines(path).isEmpty && Date() < deadline { usleep(1000) }
        #expect(try lines(path).count == 1)
      }
    }
  }

  @Test func tornRequests() throws {
    try withLogPath { path in
      let request = TopRequest.valid().text
      let cuts = [1, 10, request.utf8.count / 4, request.utf8.count - 1]
      try withSimulator(SimulatorOptions(logPath: path)) { simulator in
        for (index, cut) in cuts.enumerated() {
          let client = try RawClient(simulator)
          try client.send(Data(request.utf8.prefix(cut)))
          client.close()
          try simulator.awaitStat("torn", index + 1)
        }
        // A connection without a request, and half a request to another page, are none.
        _ = try RawClient(simulator)
        let other = try RawClient(simulator)
        try other.send("GET /_stats HTTP/1.1\r\nHost: ")
        other.close()
        try simulator.awaitStat("connections", 1)
        #expect(try simulator.stat("requests") == cuts.count)
        #expect(try simulator.stat("complete") == 0)
      }
      let torn = try lines(path)
      #expect(torn.count == cuts.count)
      for line in torn {
        #expect(line["complete"] as? Bool == false)
        #expect(line["signature_ok"] as? Bool == false)
        #expect(line["taken"] as? Bool == false)
        for name in ["sid", "message_id", "content_sha256", "answer"] { #expect(line[name] is NSNull) }
      }
    }
  }

  @Test func whatIsUnderWayAtTheEndIsLogged() throws {
    try withLogPath { path in
      let waiting: RawClient
      let half: RawClient
      let simulator = try GatewaySimulator(
        options: SimulatorOptions(latencyMilliseconds: 3_600_000, logPath: path))
      try simulator.start()
      waiting = try RawClient(simulator)
      try waiting.send(TopRequest.valid().text)
      try simulator.awaitStat("in_flight", 1)
      half = try RawClient(simulator)
      try half.send("POST /router/rest HTTP/1.1\r\nContent-Length: 5\r\n\r\n")
      try simulator.awaitStat("requests", 2)
      simulator.stop()
      let logged = try lines(path)
      #expect(logged.map { $0["complete"] as? Bool } == [true, false])
      #expect(logged.map { $0["taken"] as? Bool } == [true, false])
      #expect(logged.allSatisfy { $0["answer"] is NSNull })
      #expect(waiting.readToEnd() == .closed)
    }
  }

  @Test func memoryHoldsTheLastLinesAlone() {
    var log = RequestLog(file: nil)
    var facts = RequestFacts()
    facts.begin(at: 1)
    let lineCount = Int64(RequestLog.lineLimit + 3 * RequestLog.chunkLines)
    for _ in 0..<lineCount { log.add(facts, answer: nil, completed: 2, now: 0) }
    var body = Octets(capacity: 1024)
    log.lines(after: 0, into: &body)
    let text = String(decoding: body.bytes, as: UTF8.self)
    _ = consume body
    let lines = text.split(separator: "\n")
    #expect(
      lines.count >= RequestLog.lineLimit && lines.count <= RequestLog.lineLimit + RequestLog.chunkLines)
    #expect(lines.last?.hasPrefix("{\"seq\":\(lineCount),") == true)
    #expect(lines.first?.hasPrefix("{\"seq\":\(lineCount - Int64(lines.count) + 1),") == true)
  }
}
