import BridgeCore
import Dispatch
import Glibc
import Synchronization
import Testing

@testable import BridgeHTTP

@Suite struct ConnectionLifeTests {
  private static let good = AttemptEnding.answered(status: 200, retryAfterSeconds: nil, date: nil)

  struct Farewell: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var answer: String
    /// Sent when the client has taken the answer, before the close.
    var later = ""
    static let all: [Farewell] = [
      Farewell(testDescription: "closes", answer: BridgeHTTPTests.answer("x")),
      Farewell(
        testDescription: "says so", answer: BridgeHTTPTests.answer("x", fields: "Connection: close\r\n")),
      Farewell(
        testDescription: "bytes behind the answer", answer: BridgeHTTPTests.answer("x") + "HTTP/1.1 200 OK"),
      Farewell(
        testDescription: "two answers", answer: BridgeHTTPTests.answer("x") + BridgeHTTPTests.answer("y")),
      Farewell(
        testDescription: "408 while idle", answer: BridgeHTTPTests.answer("x"),
        later: BridgeHTTPTests.answer("", status: 408)),
      Farewell(
        testDescription: "no idle time",
        answer: BridgeHTTPTests.answer("x", fields: "Keep-Alive: timeout=0\r\n")),
    ]
  }

  @Test(arguments: Farewell.all) func aConnectionIsNotUsedAfterItsFarewell(_ farewell: Farewell) throws {
    let release = DispatchSemaphore(value: 0)
    let server = ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(farewell.answer)
      release.wait()
      peer.write(farewell.later)
    }
    let driver = try GatewayDriver(server.url)
    for _ in 0..<3 {
      let ended = try driver.exchange()
      #expect(ended.report.ending == Self.good)
      #expect(ended.body == "x")
      release.signal()
      try #require(driver.run(expecting: 0) { $0.gateway.statistics.openCount == 0 })
    }
    #expect(server.acceptedCount.withLock { $0 } == 3)
    #expect(driver.gateway.statistics.connectFailureCount == 0)
  }

  @Test func idleConnectionsAreClosedInTime() throws {
    let server = ScriptedServer { peer in
      while peer.readRequest() != nil { peer.write(answer("x", fields: "Keep-Alive: timeout=1\r\n")) }
    }
    let driver = try GatewayDriver(server.url)
    _ = try driver.exchange()
    let before = GatewayDriver.now().monotonic
    #expect(driver.run(expecting: 0) { $0.gateway.statistics.openCount == 0 })
    let idleTime = GatewayDriver.now().monotonic - before
    // Half of what the gateway announces, not the four seconds of the settings.
    #expect(idleTime < .seconds(3))
    #expect(driver.gateway.statistics.idleLossCount == 0)
  }

  @Test func anIdleConnectionThatIsAliveIsUsedAgain() throws {
    let server = ScriptedServer { peer in while peer.readRequest() != nil { peer.write(answer("x")) } }
    let driver = try GatewayDriver(server.url)
    _ = try driver.exchange()
    let later = GatewayDriver.now().monotonic + .milliseconds(50)
    // No event comes: the driver's own patience would be the end of it.
    while GatewayDriver.now().monotonic < later { driver.turn(until: later) }
    #expect(try driver.exchange().report.ending == Self.good)
    #expect(server.acceptedCount.withLock { $0 } == 1)
  }

  @Test func oldConnectionsAreReplacedBetweenRequests() throws {
    let server = ScriptedServer { peer in while peer.readRequest() != nil { peer.write(answer("x")) } }
    let driver = try GatewayDriver(server.url, ageLimit: .milliseconds(40))
    let limit = GatewayDriver.now().monotonic + GatewayDriver.patience
    while server.acceptedCount.withLock({ $0 }) < 4, GatewayDriver.now().monotonic < limit {
      #expect(try driver.exchange().report.ending == Self.good)
    }
    #expect(server.acceptedCount.withLock { $0 } >= 4)
    #expect(driver.gateway.statistics.answeredCount > 4)
  }

  @Test func refusedConnectsBackOffAndRecover() throws {
    let server = ScriptedServer(listens: false) { peer in
      while peer.readRequest() != nil { peer.write(answer("x")) }
    }
    let driver = try GatewayDriver(server.url, limit: 5)
    let before = GatewayDriver.now().monotonic
    // All five fail together and count as one failure; then one at a time is tried after 100, 200 and 400 ms.
    #expect(driver.run(expecting: 5) { $0.gateway.statistics.connectFailureCount >= 8 })
    #expect(GatewayDriver.now().monotonic - before >= .milliseconds(700))
    #expect(driver.gateway.statistics.connectFailureCount == 8)
    let reason = try #require(driver.gateway.statistics.lastConnectError)
    #expect(reason.contains("127.0.0.1"))
    server.startListening()
    #expect(try driver.exchange().report.ending == Self.good)
    #expect(driver.gateway.statistics.lastConnectError == nil)
    #expect(driver.run(expecting: 5) { $0.gateway.readyConnectionCount == 5 })
  }

  @Test func connectsThatAreClosedAtOnceBackOff() throws {
    let server = ScriptedServer { _ in }
    let driver = try GatewayDriver(server.url, limit: 1)
    let before = GatewayDriver.now().monotonic
    #expect(driver.run { $0.gateway.statistics.connectFailureCount >= 4 })
    #expect(GatewayDriver.now().monotonic - before >= .milliseconds(700))
  }

  @Test func aSilentHostTimesOut() throws {
    // A full backlog drops what else comes.
    let server = ScriptedServer(backlog: 0, accepts: false) { _ in }
    let driver = try GatewayDriver(server.url, limit: 8, connectTimeout: .milliseconds(300))
    #expect(driver.run(expecting: 8) { $0.gateway.statistics.connectFailureCount > 0 })
    print("silent host: \(driver.gateway.statistics.lastConnectError ?? "-")")
    #expect(driver.gateway.statistics.connectingCount < 8)
  }

  @Test func anUnknownNameIsAFailedConnect() throws {
    let driver = try GatewayDriver("http://gateway.invalid/router/rest", connectTimeout: .seconds(2))
    #expect(driver.run { $0.gateway.statistics.connectFailureCount > 0 })
    print("unknown name: \(driver.gateway.statistics.lastConnectError ?? "-")")
    #expect(driver.gateway.statistics.lastConnectError != nil)
  }

  @Test func theEndOfTheValueClosesEverything() throws {
    let ends = Mutex(0)
    let server = ScriptedServer { peer in
      peer.waitForEnd()
      ends.withLock { $0 += 1 }
    }
    var descriptors: [Int32] = []
    do {
      let driver = try GatewayDriver(server.url, limit: 70)
      try #require(driver.run(expecting: 70) { $0.gateway.readyConnectionCount == 70 })
      for index: Int32 in 0..<70 { descriptors.append(driver.gateway.connections[index].descriptor) }
      for descriptor in descriptors { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
      guard case .started = driver.send(0) else {
        Issue.record("there are 70")
        return
      }
    }
    let limit = GatewayDriver.now().monotonic + GatewayDriver.patience
    while ends.withLock({ $0 }) < 70, GatewayDriver.now().monotonic < limit { sched_yield() }
    #expect(ends.withLock { $0 } == 70)
  }

  @Test func aSlowRequestDelaysNobody() throws {
    let server = ScriptedServer { peer in
      while let request = peer.readRequest() {
        if String(decoding: request, as: UTF8.self).hasSuffix("slow") { return peer.waitForEnd() }
        peer.write(answer("x"))
      }
    }
    let driver = try GatewayDriver(server.url, limit: 2, requestTimeout: .seconds(2))
    try #require(driver.run(expecting: 2) { $0.gateway.readyConnectionCount == 2 })
    guard case .started = driver.send(99, body: "slow") else {
      Issue.record("there are two")
      return
    }
    for _ in 0..<20 { #expect(try driver.exchange().report.ending == Self.good) }
    #expect(driver.run { $0.ended.count == 21 })
    #expect(driver.ended.last?.report.ending == .unanswered(.deadline))
    #expect(driver.ended.last?.report.ticket.index == 99)
  }

  @Test(arguments: [
    "", "gateway", "ftp://h/", "http://", "http://u:p@h/", "http://u@h/", "http://h/#f", "http://h:99999/",
    "http://h/a b", "http://h/\r\nX: y",
  ]) func unusableURLIsRefused(_ url: String) {
    #expect(throws: GatewayConnectionFault.self) { _ = try GatewayDriver(url) }
  }

  @Test(arguments: [
    ("http://h", "POST / HTTP/1.1\r\nHost: h\r\n"),
    ("http://h:80/p?q=1", "POST /p?q=1 HTTP/1.1\r\nHost: h:80\r\n"),
    ("https://[::1]:8443/p/", "POST /p/ HTTP/1.1\r\nHost: [::1]:8443\r\n"),
  ]) func headNamesTargetAndHost(_ url: String, _ start: String) throws {
    let settings = GatewayConnectionSettings(
      url: url, connectionLimit: 1, requestTimeout: .seconds(1), connectTimeout: .seconds(1),
      idleTimeout: .seconds(1), userAgent: "a")
    let endpoint = try GatewayEndpoint(settings: settings)
    #expect(String(decoding: endpoint.headStart, as: UTF8.self).hasPrefix(start))
  }

  @Test func unusableSettingsAreRefused() {
    func make(_ change: (inout GatewayConnectionSettings) -> Void) throws {
      var settings = GatewayConnectionSettings(
        url: "http://h/", connectionLimit: 1, requestTimeout: .seconds(1), connectTimeout: .seconds(1),
        idleTimeout: .seconds(1), userAgent: "a")
      change(&settings)
      _ = try GatewayConnections(settings: settings)
    }
    #expect(throws: Never.self) { try make { _ in } }
    #expect(throws: GatewayConnectionFault.self) { try make { $0.connectionLimit = 0 } }
    #expect(throws: GatewayConnectionFault.self) { try make { $0.requestTimeout = .zero } }
    #expect(throws: GatewayConnectionFault.self) { try make { $0.idleTimeout = .zero } }
    #expect(throws: GatewayConnectionFault.self) { try make { $0.answerByteLimit = 0 } }
    #expect(throws: GatewayConnectionFault.self) { try make { $0.userAgent = "a\r\nb: c" } }
  }
}
