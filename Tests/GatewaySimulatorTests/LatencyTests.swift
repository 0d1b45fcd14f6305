import Foundation
import Testing

@testable import GatewaySimulator

/// Answers that are held back.
@Suite struct LatencyTests {
  /// Longer than any test takes: such an answer never comes.
  private static let endless = SimulatorOptions(latencyMilliseconds: 3_600_000)

  @Test func answersTakeTheirTimeSideBySide() throws {
    try withSimulator(SimulatorOptions(latencyMilliseconds: 200)) { simulator in
      let clients = try (0..<100).map { _ in try RawClient(simulator) }
      let began = ContinuousClock.now
      for (index, client) in clients.enumerated() {
        try client.send(TopRequest.valid(messageID: "m-\(index)").text)
      }
      for client in clients { #expect(try client.answer().isSuccess) }
      let lasted = ContinuousClock.now - began
      #expect(lasted >= .milliseconds(200) && lasted < .seconds(10), "\(lasted)")
      for line in try simulator.logLines() {
        let arrived = try #require(line["arrived_us"] as? Int)
        let completed = try #require(line["completed_us"] as? Int)
        #expect(completed - arrived >= 199_000)
      }
      #expect(try simulator.stat("taken") == 100)
      #expect(try simulator.stat("in_flight") == 0)
    }
  }

  @Test func oneRequestTakesLonger() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"latency","ms":150,"sid":"slow"}"#)
      let slow = try RawClient(simulator)
      let began = ContinuousClock.now
      try slow.send(TopRequest.valid(sid: "slow").text)
      try simulator.awaitStat("in_flight", 1)
      #expect(try simulator.post(.valid(sid: "fast")).isSuccess)
      #expect(try slow.answer().isSuccess)
      #expect(ContinuousClock.now - began >= .milliseconds(150))
      let lines = try simulator.logLines()
      #expect(lines.map { $0["sid"] as? String } == ["fast", "slow"])
      #expect(lines.map { $0["seq"] as? Int } == [1, 2])
      let arrivals = try lines.map { try #require($0["arrived_us"] as? Int) }
      #expect(arrivals[0] > arrivals[1])
    }
  }

  @Test func aClientVanishesBeforeTheAnswer() throws {
    try withSimulator(Self.endless) { simulator in
      let client = try RawClient(simulator)
      try client.send(TopRequest.valid().text)
      try simulator.awaitStat("in_flight", 1)
      #expect(try simulator.logLines().isEmpty)
      client.close()
      try simulator.awaitStat("unanswered", 1)
      let line = try #require(try simulator.logLines().first)
      #expect(line["complete"] as? Bool == true)
      #expect(line["taken"] as? Bool == true)
      #expect(line["answer"] is NSNull)
      #expect(try simulator.stat("in_flight") == 0)
      #expect(try simulator.stat("taken") == 1)
    }
  }

  @Test func aThousandConnectionsAtOnce() throws {
    try withSimulator(SimulatorOptions(latencyMilliseconds: 300)) { simulator in
      let clients = try (0..<1000).map { _ in try RawClient(simulator, timeoutMilliseconds: 60_000) }
      for round in 0..<2 {
        for (index, client) in clients.enumerated() {
          try client.send(TopRequest.valid(sid: "s-\(index)", messageID: "m-\(round)-\(index)").text)
        }
        for client in clients { #expect(try client.answer().isSuccess) }
      }
      let stats = try simulator.stats()
      #expect(stats["taken"] as? Int == 2000)
      #expect(try #require(stats["max_connections"] as? Int) >= 1000)
      #expect(try #require(stats["max_in_flight"] as? Int) > 100)
      let identifiers = Set(try simulator.logLines().compactMap { $0["message_id"] as? String })
      #expect(identifiers.count == 2000)
    }
  }
}
