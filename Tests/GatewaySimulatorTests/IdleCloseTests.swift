import Testing

@testable import GatewaySimulator

/// Connections that the gateway closes while they are idle.
@Suite struct IdleCloseTests {
  @Test(arguments: [false, true])
  func closedBehindTheAnswer(_ isSecure: Bool) throws {
    try withSimulator(isSecure: isSecure) { simulator in
      try simulator.post(fault: #"{"kind":"idle_close","ms":20,"count":1}"#)
      let client = try RawClient(simulator)
      let answer = try client.post(.valid())
      #expect(answer.isSuccess)
      #expect(answer.head.contains("Connection: keep-alive"))
      #expect(client.readToEnd() == .closed)
      #expect(try simulator.stat("idle_closed") == 1)
      // Nothing but the one request was ever under way.
      #expect(try simulator.logLines().count == 1)
      #expect(try simulator.stat("torn") == 0)
    }
  }

  @Test func aRequestEndsTheIdling() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"idle_close","ms":3600000,"count":1}"#)
      let client = try RawClient(simulator)
      for _ in 0..<3 {
        let answer = try client.post(.valid())
        #expect(answer.isSuccess)
      }
      #expect(try simulator.stat("idle_closed") == 0)
    }
  }
}
