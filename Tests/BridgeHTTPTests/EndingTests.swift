import BridgeCore
import Synchronization
import Testing

@testable import BridgeHTTP

/// What a server does to one request, and how the attempt has to end.
struct Misdeed: Sendable, CustomTestStringConvertible {
  var name: String
  var ending: AttemptEnding
  var isStarted = true
  var body = "a=b&sign=c"
  var answerBody = ""
  /// The server closes after a good answer: whether that was seen already is chance.
  var leavesConnectionUsable = false
  var requestTimeout: TimeSpan {
    ending == .unanswered(.deadline) || ending == .notSent(.deadline) ? .milliseconds(300) : .seconds(15)
  }
  var script: @Sendable (Peer) -> Void
  var testDescription: String { name }

  static let large = String(repeating: "x", count: 8 << 20)

  static func answered(_ status: Int, retryAfter: Int64? = nil, date: Int64? = nil) -> AttemptEnding {
    .answered(status: status, retryAfterSeconds: retryAfter, date: date)
  }

  /// A complete request is read first.
  static func afterRequest(
    _ name: String, _ ending: AttemptEnding, answerBody: String = "", leavesConnectionUsable: Bool = false,
    _ script: @escaping @Sendable (Peer) -> Void
  ) -> Misdeed {
    Misdeed(
      name: name, ending: ending, answerBody: answerBody, leavesConnectionUsable: leavesConnectionUsable
    ) { peer in
      guard peer.readRequest() != nil else { return }
      script(peer)
    }
  }

  static let all: [Misdeed] = [
    afterRequest("closes without an answer", .unanswered(.closed)) { _ in },
    afterRequest("resets without an answer", .unanswered(.reset)) { $0.reset() },
    afterRequest("stalls", .unanswered(.deadline)) { $0.waitForEnd() },
    afterRequest("stalls in the head", .unanswered(.deadline)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nConte")
      peer.waitForEnd()
    },
    afterRequest("stalls in the body", .unanswered(.deadline)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
      peer.waitForEnd()
    },
    afterRequest("stalls in a chunk", .unanswered(.deadline)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
      peer.waitForEnd()
    },
    afterRequest("closes before the last chunk", .unanswered(.closed)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    },
    afterRequest("speaks another protocol", .unanswered(.malformedAnswer)) { peer in
      peer.write("220 smtp.example ESMTP\r\n")
      peer.waitForEnd()
    },
    afterRequest("gives two lengths", .unanswered(.malformedAnswer)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
      peer.waitForEnd()
    },
    afterRequest("packs in a way that nobody knows", .unanswered(.malformedAnswer)) { peer in
      peer.write(answer("zz", fields: "Content-Encoding: br\r\n"))
      peer.waitForEnd()
    },
    afterRequest("switches protocols", .unanswered(.malformedAnswer)) { peer in
      peer.write("HTTP/1.1 101 Switching\r\n\r\n")
      peer.waitForEnd()
    },
    afterRequest("announces too much", .unanswered(.answerTooLarge)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
      peer.waitForEnd()
    },
    afterRequest("sends too much in chunks", .unanswered(.answerTooLarge)) { peer in
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<200 { peer.write("400\r\n" + String(repeating: "y", count: 1_024) + "\r\n") }
      peer.waitForEnd()
    },
    afterRequest("sends too much until its end", .unanswered(.answerTooLarge)) { peer in
      peer.write("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "y", count: 200_000))
    },
    afterRequest("sends an endless head", .unanswered(.malformedAnswer)) { peer in
      peer.write("HTTP/1.1 200 OK\r\n")
      for _ in 0..<1_000 { peer.write("X-Field: " + String(repeating: "z", count: 100) + "\r\n") }
      peer.waitForEnd()
    },
    afterRequest("ends the body by closing", answered(200), answerBody: "abc") { peer in
      peer.write("HTTP/1.1 200 OK\r\n\r\nabc")
    },
    afterRequest("drips", answered(200), answerBody: "drop", leavesConnectionUsable: true) { peer in
      for byte in answer("drop").utf8 { peer.write([byte]) }
    },
    afterRequest("interim answers first", answered(200), answerBody: "x", leavesConnectionUsable: true) {
      peer in
      peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + answer("x"))
    },
    afterRequest(
      "asks to come later", answered(429, retryAfter: 7), answerBody: "slow", leavesConnectionUsable: true
    ) { peer in
      peer.write(answer("slow", status: 429, fields: "Retry-After: 7\r\n"))
    },
    afterRequest(
      "names a time to come again", answered(503, retryAfter: 60, date: 784_111_777),
      leavesConnectionUsable: true
    ) { peer in
      peer.write(
        answer(
          "", status: 503,
          fields: "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"))
    },
    afterRequest("answers 408 and closes", answered(408), leavesConnectionUsable: true) {
      $0.write(answer("", status: 408))
    },
    afterRequest("answers 204 without a length", answered(204), leavesConnectionUsable: true) { peer in
      peer.write("HTTP/1.1 204 No Content\r\n\r\n")
      peer.waitForEnd()
    },
    Misdeed(name: "never reads", ending: .notSent(.deadline), body: large) { $0.waitForEndUnread() },
    Misdeed(name: "resets in the middle of the request", ending: .notSent(.reset), body: large) { peer in
      _ = peer.readByte()
      peer.reset()
    },
    Misdeed(
      name: "refuses in the middle of the request", ending: answered(413), body: large, answerBody: "big"
    ) {
      peer in
      _ = peer.readByte()
      peer.write(answer("big", status: 413, fields: "Connection: close\r\n"))
      peer.waitForEndUnread()
    },
    Misdeed(name: "claims success in the middle of the request", ending: .notSent(.closed), body: large) {
      peer in
      _ = peer.readByte()
      peer.write(answer("ok"))
      peer.waitForEndUnread()
    },
    Misdeed(name: "ends its side in the middle of the request", ending: .notSent(.closed), body: large) {
      peer in
      _ = peer.readByte()
      peer.endWriting()
      peer.waitForEndUnread()
    },
  ]
}

@Suite struct EndingTests {
  @Test(arguments: Misdeed.all) func misdeedEndsAsItsBytesSay(_ misdeed: Misdeed) throws {
    let server = ScriptedServer(receiveBufferSize: 65_536, misdeed.script)
    let driver = try GatewayDriver(
      server.url, requestTimeout: misdeed.requestTimeout, answerByteLimit: 100_000)
    let ended = try driver.exchange(body: misdeed.body)
    #expect(ended.report.ending == misdeed.ending)
    #expect(ended.body == misdeed.answerBody)
    #expect((ended.report.startedAt != nil) == misdeed.isStarted)
    #expect(ended.report.endedAt >= ended.report.startedAt ?? ended.report.endedAt)
    if !misdeed.leavesConnectionUsable { #expect(driver.gateway.statistics.openCount == 0) }
  }

  @Test func anAnswerTornAnywhereIsUnansweredAndNeverHalfRead() throws {
    let whole = Array(answer("{\"a\":1}", fields: "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n").utf8)
    let server = ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(Array(whole[..<(peer.number % whole.count)]))
    }
    let driver = try GatewayDriver(server.url)
    for cut in 0..<whole.count {
      let ended = try driver.exchange()
      #expect(ended.report.ending == .unanswered(.closed), "cut at \(cut)")
    }
    #expect(server.acceptedCount.withLock { $0 } == whole.count)
  }

  @Test func everyAttemptUnderWayIsAbandonedByItsBytes() throws {
    let server = ScriptedServer(receiveBufferSize: 65_536) { $0.waitForEndUnread() }
    let driver = try GatewayDriver(server.url, limit: 2)
    #expect(driver.run(expecting: 2) { $0.gateway.readyConnectionCount == 2 })
    for number: Int32 in 0..<2 {
      guard case .started = driver.send(number, body: number == 0 ? Misdeed.large : "small") else {
        Issue.record("no connection")
        return
      }
    }
    guard case .noConnection = driver.send(2) else {
      Issue.record("there are only two")
      return
    }
    driver.gateway.abandonAll(at: GatewayDriver.now())
    #expect(driver.gateway.nextDeadline.map { $0 < GatewayDriver.now().monotonic } == true)
    driver.takeReports()
    #expect(driver.ended.map(\.report.ending) == [.notSent(.abandoned), .unanswered(.abandoned)])
    #expect(driver.gateway.statistics.openCount == 0)
  }
}
