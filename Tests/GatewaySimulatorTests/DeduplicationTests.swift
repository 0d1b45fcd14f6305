import Testing

@testable import GatewaySimulator

/// Messages that come twice.
@Suite struct DeduplicationTests {
  @Test func bothAreTakenByDefault() throws {
    try withSimulator { simulator in
      for _ in 0..<2 {
        let answer = try simulator.post(.valid())
        #expect(answer.isSuccess)
      }
      #expect(try simulator.logLines().map { $0["taken"] as? Bool } == [true, true])
      #expect(try simulator.stat("duplicates") == 0)
    }
  }

  @Test func theSecondIsAnsweredAndNotTaken() throws {
    try withSimulator(SimulatorOptions(deduplicates: true)) { simulator in
      // Refused first: that one was never taken.
      try simulator.post(fault: #"{"kind":"answer","code":10,"count":1}"#)
      #expect(try simulator.post(.valid()).code == 10)
      for messageID in ["m-1", "m-2", "m-1", "m-1"] {
        let answer = try simulator.post(.valid(messageID: messageID))
        #expect(answer.isSuccess)
      }
      #expect(try simulator.logLines().map { $0["taken"] as? Bool } == [false, true, true, false, false])
      #expect(try simulator.stat("duplicates") == 2)
      #expect(try simulator.stat("taken") == 2)
    }
  }

  @Test func theLastIdsAreRemembered() {
    var taken = TakenMessages()
    func insert(_ number: Int) -> Bool {
      Array("message \(number)".utf8).withUnsafeBufferPointer { taken.insert($0) }
    }
    let count = 2 * TakenMessages.generationLimit
    for number in 0..<count where !insert(number) { Issue.record("\(number) is new") }
    #expect(!insert(count - TakenMessages.generationLimit))
    #expect(!insert(count - 1))
    #expect(insert(count))
  }
}
