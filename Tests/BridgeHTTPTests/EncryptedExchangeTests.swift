import BridgeCore
import Testing

@testable import BridgeHTTP

/// What a server behind TLS does, and how the attempt has to end.
struct EncryptedMisdeed: Sendable, CustomTestStringConvertible {
  var path: String
  var ending: AttemptEnding
  var body = "a=b&sign=c"
  var version: String?
  var testDescription: String { "\(path) \(version ?? "")" }

  static let all: [EncryptedMisdeed] = ["1.2", "1.3"].flatMap { version in
    [
      EncryptedMisdeed(path: "/torn/0", ending: .unanswered(.closed)),
      EncryptedMisdeed(path: "/torn/40", ending: .unanswered(.closed)),
      EncryptedMisdeed(path: "/torn/120", ending: .unanswered(.closed)),
      EncryptedMisdeed(path: "/cut/120", ending: .unanswered(.closed)),
      EncryptedMisdeed(path: "/stall", ending: .unanswered(.deadline)),
      EncryptedMisdeed(path: "/unread", ending: .notSent(.deadline), body: Misdeed.large),
      EncryptedMisdeed(path: "/refuse", ending: Misdeed.answered(413), body: Misdeed.large),
      EncryptedMisdeed(path: "/bytes/100000", ending: Misdeed.answered(200)),
      EncryptedMisdeed(path: "/bytes/100001", ending: .unanswered(.answerTooLarge)),
      EncryptedMisdeed(path: "/bytes/100000000", ending: .unanswered(.answerTooLarge)),
      EncryptedMisdeed(path: "/pieces/1", ending: Misdeed.answered(200)),
      EncryptedMisdeed(path: "/pieces/7", ending: Misdeed.answered(200)),
      EncryptedMisdeed(path: "/leave", ending: Misdeed.answered(200)),
      EncryptedMisdeed(path: "/late/100", ending: Misdeed.answered(200)),
      EncryptedMisdeed(path: "/update", ending: Misdeed.answered(200)),
      EncryptedMisdeed(path: "/router/rest", ending: Misdeed.answered(200), body: Misdeed.large),
    ].map { misdeed in
      var versioned = misdeed
      versioned.version = version
      return versioned
    }
  }
}

@Suite(.serialized) struct EncryptedExchangeTests {
  private static let trusting: @Sendable (inout GatewayConnectionSettings) -> Void = { settings in
    settings.authorityFile = Certificates.shared.certificate("authority")
  }

  @Test(arguments: EncryptedMisdeed.all) func misdeedEndsAsItsBytesSay(_ misdeed: EncryptedMisdeed) throws {
    let server = try EncryptedServer(version: misdeed.version)
    let isOverdue = misdeed.ending == .unanswered(.deadline) || misdeed.ending == .notSent(.deadline)
    let driver = try GatewayDriver(
      server.url(misdeed.path), requestTimeout: isOverdue ? .milliseconds(400) : .seconds(15),
      answerByteLimit: 100_000, Self.trusting)
    // The second exchange is on the same connection or on one that resumes the session.
    for _ in 0..<2 {
      let ended = try driver.exchange(body: misdeed.body)
      #expect(ended.report.ending == misdeed.ending)
      #expect(ended.report.startedAt != nil)
      switch misdeed.ending {
      case .answered(200, _, _) where misdeed.path.hasPrefix("/bytes"):
        #expect(ended.body.utf8.count == 100_000)
      case .answered(200, _, _): #expect(try EncryptedServer.Facts(ended.body).connection > 0)
      case .answered, .notSent, .unanswered: break
      }
      // Otherwise the second request may cross the close.
      if misdeed.path == "/leave" {
        try #require(driver.run(expecting: 0) { $0.gateway.statistics.openCount == 0 })
      }
    }
  }

  @Test(arguments: ["1.2", "1.3"]) func sessionsAreResumed(_ version: String) throws {
    let server = try EncryptedServer(version: version)
    let driver = try GatewayDriver(server.url("/leave"), Self.trusting)
    for _ in 0..<20 {
      _ = try driver.exchange()
      try #require(driver.run(expecting: 0) { $0.gateway.statistics.openCount == 0 })
    }
    let resumed = try driver.ended.map { try EncryptedServer.Facts($0.body).reused }
    #expect(resumed == [false] + [Bool](repeating: true, count: 19))
  }

  @Test(arguments: ["1.2", "1.3"]) func sessionsAreResumedByManyAtATime(_ version: String) throws {
    let server = try EncryptedServer(version: version)
    // Two shards: sessions are shared beyond one.
    let limit = 100
    let driver = try GatewayDriver(server.url("/leave"), limit: limit, Self.trusting)
    _ = try driver.exchange()
    try #require(driver.run(expecting: limit) { $0.gateway.readyConnectionCount == limit })
    for number in 0..<Int32(limit) {
      guard case .started = driver.send(number) else {
        Issue.record("there are \(limit)")
        return
      }
    }
    try #require(driver.run(expecting: 0) { $0.ended.count == limit + 1 })
    let resumedCount = try driver.ended.dropFirst().count { try EncryptedServer.Facts($0.body).reused }
    print("TLS \(version): \(resumedCount) of \(limit) connections resumed a session")
    // A session of TLS 1.3 is spent by the first that resumes it; others of its time may find no fresh one.
    #expect(version == "1.2" ? resumedCount == limit : resumedCount > limit / 2)
  }

  @Test func aPartOfAWholeRequestIsNeverAnUnknownEffect() throws {
    let server = try EncryptedServer()
    let driver = try GatewayDriver(
      server.url("/unread"), limit: 2, requestTimeout: .milliseconds(300), Self.trusting)
    try #require(driver.run(expecting: 2) { $0.gateway.readyConnectionCount == 2 })
    _ = driver.send(0, body: Misdeed.large)
    _ = driver.send(1, body: "small")
    try #require(driver.run(expecting: 0) { $0.ended.count == 2 })
    let endings = driver.ended.sorted { $0.report.ticket.index < $1.report.ticket.index }.map(\.report.ending)
    #expect(endings == [.notSent(.deadline), .unanswered(.deadline)])
  }

  @Test(arguments: ["1.2", "1.3"]) func processorTimeOfAnEncryptedRequestIsPrinted(_ version: String) throws {
    let server = try EncryptedServer(version: version)
    for concurrency in [64, 256, 1_024] {
      let driver = try GatewayDriver(server.url(), limit: concurrency, Self.trusting)
      let cost = try ExchangeCost(driver, concurrency: concurrency, exchangeCount: 20_000)
      print("TLS \(version), \(concurrency) connections: \(cost)")
      #expect(cost.answeredCount == 20_000)
    }
  }
}
