import BridgeCore
import Foundation
import Synchronization
import Testing

@testable import BridgeOps

@Suite struct AdminPortTests {
  /// A server whose clock the test sets.
  final class Port: Sendable {
    let board = SnapshotBoard()
    let seconds = Atomic<Int64>(100)
    let asked = Mutex<[OperatorRequest]>([])
    private let running = Mutex<AdminServer?>(nil)

    func start(token: String? = "let-me-in") throws -> AdminServer {
      let routes = AdminRoutes(
        board: board, identity: Samples.identity, stalledAfter: .seconds(60), token: token,
        clock: { Samples.moment(self.seconds.load(ordering: .relaxed)) }, droppedLineCount: { 0 },
        droppedStatusCount: { 0 }, request: { request in self.asked.withLock { $0.append(request) } })
      return try AdminServer(ListenAddress(host: "127.0.0.1", port: 0), routes)
    }
  }

  private func get(_ server: AdminServer, _ path: String, method: String = "GET") -> String {
    RawRequest.get(server.address, "\(method) \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
  }

  private func post(_ server: AdminServer, _ path: String, _ body: String, token: String?) -> String {
    let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    return RawRequest.get(
      server.address,
      "POST \(path) HTTP/1.1\r\nHost: x\r\n\(authorization)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  private func status(_ answer: String) -> Int { Int(answer.dropFirst(9).prefix(3)) ?? 0 }

  @Test func beforeTheFirstSnapshotItLivesButIsNeitherReadyNorHealthy() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    #expect(status(get(server, "/live")) == 200)
    #expect(status(get(server, "/ready")) == 503)
    #expect(status(get(server, "/health")) == 503)
    #expect(status(get(server, "/metrics")) == 200)
  }

  @Test func readyMeansAssignedAndRecovered() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    let stages: [(PartitionStage, Int)] = [
      (.recovering, 503), (.starting, 503), (.reading, 200), (.undecided(.foreignOffset), 200),
    ]
    for (stage, expected) in stages {
      port.board.publish(Samples.snapshot([PartitionSnapshot(partition: 0, stage: stage)]))
      #expect(status(get(server, "/ready")) == expected)
    }
    port.board.publish(Samples.snapshot())
    #expect(status(get(server, "/ready")) == 200)
    for state in LineStatus.State.allCases {
      port.board.publish(Samples.snapshot { $0.line = Samples.halted(state) })
      #expect(status(get(server, "/ready")) == 200)
    }
    port.board.publish(Samples.snapshot { $0.unassignedSince = Samples.moment(99).monotonic })
    #expect(status(get(server, "/ready")) == 503)
    port.board.publish(Samples.snapshot { $0.stage = .draining })
    #expect(status(get(server, "/ready")) == 503)
  }

  /// Nobody publishes any more: the loop is blocked. The server has its own thread.
  @Test func aBlockedLoopIsToldQuickly() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    port.board.publish(Samples.snapshot([Samples.waiting(since: 100)]))
    _ = get(server, "/live")
    for (second, expected) in [(100, 200), (109, 200), (110, 503), (200, 503)] as [(Int64, Int)] {
      port.seconds.store(second, ordering: .relaxed)
      for path in ["/live", "/health"] {
        var times: [Duration] = []
        for _ in 0..<9 {
          let clock = ContinuousClock()
          var answer = ""
          times.append(clock.measure { answer = get(server, path) })
          #expect(status(answer) == expected)
        }
        // The machine may be busy: the median is what a probe sees.
        #expect(times.sorted()[4] < .milliseconds(50))
      }
    }
    #expect(get(server, "/health").contains(#""reason":"loop_blocked""#))
  }

  @Test func methodsAndPaths() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    for path in ["/live", "/ready", "/health", "/metrics"] {
      let refused = get(server, path, method: "DELETE")
      #expect(status(refused) == 405)
      #expect(refused.contains("\r\nAllow: GET, HEAD\r\n"))
      let whole = get(server, path)
      let head = get(server, path, method: "HEAD")
      #expect(status(head) == status(whole))
      #expect(head.hasSuffix("\r\n\r\n"))
      #expect(
        head.contains(
          "\r\nContent-Length: \(whole.split(separator: "\r\n\r\n", maxSplits: 1)[1].utf8.count)\r\n"))
    }
    for path in ["/pause", "/resume"] {
      let refused = get(server, path)
      #expect(status(refused) == 405)
      #expect(refused.contains("\r\nAllow: POST\r\n"))
    }
    for path in ["/", "/healthz", "/health/", "/../etc/passwd"] { #expect(status(get(server, path)) == 404) }
    #expect(status(get(server, "/health?verbose=1")) == 503)
    #expect(
      get(server, "/metrics").contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
    #expect(port.asked.withLock { $0.isEmpty })
  }

  @Test func onlyWithTheTokenIsAnythingStopped() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    for token in [nil, "", "let-me-i", "let-me-in!", "LET-ME-IN", "let-me-ix"] {
      for path in ["/pause", "/resume"] {
        let refused = post(server, path, #"{"reason":"why"}"#, token: token)
        #expect(status(refused) == 401)
        #expect(refused.contains("\r\nWWW-Authenticate: Bearer\r\n"))
        #expect(!refused.contains("let-me-in"))
      }
    }
    #expect(port.asked.withLock { $0.isEmpty })
    #expect(status(post(server, "/pause", #"{"reason":"why \u00e4"}"#, token: "let-me-in")) == 202)
    #expect(status(post(server, "/resume", "", token: "let-me-in")) == 202)
    #expect(port.asked.withLock { $0 } == [.pause(reason: "why ä"), .resume])
  }

  @Test func withoutATokenNobodyMay() throws {
    let port = Port()
    let server = try port.start(token: nil)
    defer { server.stop() }
    let refused = post(server, "/pause", #"{"reason":"why"}"#, token: "x")
    #expect(status(refused) == 403)
    #expect(refused.contains("admin.token_file"))
  }

  @Test(arguments: [
    "", "{}", "[]", "reason", #"{"reason":1}"#, #"{"reason":""}"#, #"{"reason":" \t"}"#, #"{"reason":null}"#,
    #"{"reason":"\ud800"}"#, #"{"reason":"x"} x"#,
    "{\"reason\":\"\(String(repeating: "x", count: 257))\"}",
  ])
  func aReasonIsNeeded(_ body: String) throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    #expect(status(post(server, "/pause", body, token: "let-me-in")) == 400)
    #expect(port.asked.withLock { $0.isEmpty })
  }

  @Test func sizesAreLimited() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    let body = #"{"reason":"why","more":""# + String(repeating: "x", count: 4_096) + #""}"#
    #expect(status(post(server, "/pause", body, token: "let-me-in")) == 413)
    let head = "GET /live HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n"
    #expect([431, 413, 0].contains(status(RawRequest.get(server.address, head))))
    #expect(status(get(server, "/live")) == 200)
  }

  /// All places are taken by clients that send a byte now and then; they lose them.
  @Test func slowClientsCannotHoldIt() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    let slow = (0..<Int(AdminServer.connectionLimit)).map { _ in RawRequest(server.address) }
    for client in slow { client.write("GET /live HTTP/1.1\r\n") }
    // Waits in the queue of the socket until a slow one is gone.
    let patient = RawRequest(server.address)
    patient.write("GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
    let dripping = DispatchQueue(label: "dripping")
    let isOver = Mutex(false)
    dripping.async {
      while !isOver.withLock({ $0 }) {
        for client in slow { client.write("X") }
        usleep(300_000)
      }
    }
    #expect(status(patient.readAll()) == 200)
    isOver.withLock { $0 = true }
    dripping.sync {}
    for client in slow { close(client.descriptor) }
  }

  @Test func aTakenPortIsSaid() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    let taken = UInt16(server.address.split(separator: ":")[1]) ?? 0
    do throws(FatalFault) {
      _ = try ListenAddress(host: "127.0.0.1", port: taken).listen()
      Issue.record("two listen at one port")
    } catch {
      #expect(error.kind == .configuration)
      #expect(error.message.contains("admin.listen 127.0.0.1:\(taken)"))
      #expect(error.message.contains("the port is taken"))
    }
  }

  @Test func textForPeople() throws {
    let port = Port()
    let server = try port.start()
    defer { server.stop() }
    port.board.publish(
      Samples.snapshot([Samples.waiting(3, since: 20)]) {
        $0.line = Samples.halted(.paused)
        $0.line.pauseReason = "a\u{1b}[31mb"
      })
    let answer = RawRequest.get(
      server.address, "GET /health HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\n\r\n")
    #expect(status(answer) == 503)
    #expect(answer.contains("one: stalled\n"))
    #expect(answer.contains("partition 3: reading, committed 5 of 15, unresolved 10"))
    #expect(!answer.contains("\u{1b}"))
  }
}
