import BridgeCore
import Synchronization
import Testing

@testable import BridgeHTTP

@Suite struct PlainExchangeTests {
  @Test func requestsShareOneConnectionAndArriveWhole() throws {
    let seen = Mutex<[String]>([])
    let server = ScriptedServer { peer in
      while let request = peer.readRequest() {
        let text = String(decoding: request, as: UTF8.self)
        seen.withLock { $0.append(text) }
        peer.write(answer("got \(request.count)", fields: "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
      }
    }
    let driver = try GatewayDriver(server.url)
    for body in ["", "a=1", String(repeating: "x", count: 1_000)] {
      let ended = try driver.exchange(body: body)
      #expect(ended.report.ending == .answered(status: 200, retryAfterSeconds: nil, date: 784_111_777))
      #expect(ended.report.startedAt != nil)
      let head = """
        POST /router/rest HTTP/1.1\r
        Host: 127.0.0.1:\(server.port)\r
        User-Agent: lippi-bridge/test\r
        Accept: application/json\r
        Content-Type: application/x-www-form-urlencoded;charset=utf-8\r
        Content-Length: \(body.utf8.count)\r
        \r

        """
      #expect(seen.withLock { $0.last } == head + body)
      #expect(ended.body == "got \(head.utf8.count + body.utf8.count)")
    }
    #expect(server.acceptedCount.withLock { $0 } == 1)
    #expect(driver.gateway.statistics.answeredCount == 3)
    #expect(driver.gateway.statistics.openCount == 1)
  }
}
