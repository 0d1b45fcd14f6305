import BridgeCore
import Foundation
import Synchronization
import Testing

@testable import BridgeHTTP

@Suite(.serialized) struct ManyRequestsTests {
  /// `id=N&` in front of a body of the usual size.
  private static func body(_ number: Int32, byteCount: Int = 1_000) -> String {
    "id=\(number)&" + String(repeating: "x", count: byteCount)
  }

  private static func number(in request: [UInt8]) -> Int? {
    let text = String(decoding: request.prefix(400), as: UTF8.self)
    guard let start = text.range(of: "\r\n\r\nid=")?.upperBound else { return nil }
    return Int(text[start...].prefix { $0 != "&" })
  }

  /// Sends while connections are ready, as the loop does, until `count` attempts have ended.
  private static func sendAll(_ count: Int32, over driver: GatewayDriver, byteCount: Int = 1_000) -> Bool {
    var sent: Int32 = 0
    return driver.run(expecting: 4_096) { driver in
      while sent < count, driver.gateway.readyConnectionCount > 0 {
        guard case .started = driver.send(sent, body: body(sent, byteCount: byteCount)) else { break }
        sent += 1
      }
      return driver.ended.count == Int(count)
    }
  }

  @Test(arguments: [64, 256]) func everyRequestGetsItsOwnAnswer(_ concurrency: Int) throws {
    let server = ScriptedServer { peer in
      while let request = peer.readRequest() { peer.write(answer("\(Self.number(in: request) ?? -1)")) }
    }
    let driver = try GatewayDriver(server.url, limit: concurrency)
    try #require(driver.run(expecting: concurrency) { $0.gateway.readyConnectionCount == concurrency })
    let count: Int32 = 20_000
    try #require(Self.sendAll(count, over: driver))
    for ended in driver.ended {
      guard case .answered = ended.report.ending, ended.body == "\(ended.report.ticket.index)" else {
        Issue.record("\(ended)")
        return
      }
    }
    #expect(Set(driver.ended.map(\.report.ticket.index)).count == Int(count))
    #expect(server.acceptedCount.withLock { $0 } == concurrency)
  }

  @Test(arguments: [64, 256, 1_024]) func processorTimeOfARequestIsPrinted(_ concurrency: Int) throws {
    let text = Array(
      answer("{\"result\":{\"success\":true}}", fields: "Content-Type: application/json\r\n").utf8)
    let server = ScriptedServer { peer in while peer.readRequest() != nil { peer.write(text) } }
    let driver = try GatewayDriver(server.url, limit: concurrency)
    let cost = try ExchangeCost(driver, concurrency: concurrency, exchangeCount: 30_000)
    print("plain, \(concurrency) connections: \(cost)")
    #expect(cost.answeredCount == 30_000)
    #expect(driver.gateway.statistics.answeredCount == 30_000)
  }

  /// The server does at random what servers do. Whatever that is: one report per request, never another request's
  /// answer, no request twice, and "not sent" only if the server has not got it whole.
  @Test(arguments: [1, 2, 3] as [UInt64]) func underRandomMisdeedsReportsStayTrue(_ seed: UInt64) throws {
    print("seed \(seed)")
    let arrivals = Mutex<[Int: Int]>([:])
    let server = ScriptedServer(receiveBufferSize: 16_384) { peer in
      var random = Mutation(seed: seed &* 1_000_003 &+ UInt64(peer.number))
      while true {
        if random.next(40) == 0 {
          if peer.readByte() { peer.write(answer("no", status: 413)) }
          return peer.waitForEndUnread()
        }
        if random.next(40) == 0 {
          _ = peer.readByte()
          return peer.reset()
        }
        guard let request = peer.readRequest(), let number = Self.number(in: request) else { return }
        arrivals.withLock { $0[number, default: 0] += 1 }
        let good = answer("\(number)")
        switch random.next(20) {
        case 0: return
        case 1: return peer.reset()
        case 2: return peer.write(Array(good.utf8.prefix(random.next(good.utf8.count))))
        case 3: peer.write(good + answer("-1"))
        case 4:
          peer.write(good)
          return
        case 5:
          peer.write(good)
          return peer.write(answer("", status: 408))
        case 6:
          let text = "\(number)"
          peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
          for character in text { peer.write("1\r\n\(character)\r\n") }
          peer.write("0\r\n\r\n")
        case 7:
          peer.write("HTTP/1.1 200 OK\r\n\r\n\(number)")
          return
        case 8: return peer.waitForEnd()
        case 9: for byte in good.utf8 { peer.write([byte]) }
        default: peer.write(good)
        }
      }
    }
    let driver = try GatewayDriver(server.url, limit: 32, requestTimeout: .milliseconds(100))
    let count: Int32 = 2_000
    try #require(Self.sendAll(count, over: driver, byteCount: 60_000))
    #expect(Set(driver.ended.map(\.report.ticket.index)).count == Int(count))
    var endings = (answered: 0, refused: 0, notSent: 0, unanswered: 0)
    for ended in driver.ended {
      let number = Int(ended.report.ticket.index)
      let arrivalCount = arrivals.withLock { $0[number] ?? 0 }
      let isTrue =
        switch ended.report.ending {
        case .answered(200, _, _): arrivalCount == 1 && ended.body == "\(number)"
        case .answered(413, _, _): arrivalCount == 0
        // Crossed our request while the connection was idle.
        case .answered(408, _, _): arrivalCount == 0
        case .answered: false
        case .notSent: arrivalCount == 0
        case .unanswered: arrivalCount <= 1
        }
      #expect(isTrue, "\(ended.report), arrived \(arrivalCount) times, answer \(ended.body)")
      switch ended.report.ending {
      case .answered(200, _, _): endings.answered += 1
      case .answered: endings.refused += 1
      case .notSent: endings.notSent += 1
      case .unanswered: endings.unanswered += 1
      }
    }
    print(endings, driver.gateway.statistics)
    // Whether a request is ever cut off before its last byte is a matter of the moment.
    #expect(endings.answered > 0 && endings.refused > 0 && endings.unanswered > 0)
  }
}
