import Testing

@testable import GatewaySimulator

@Suite struct StartAndStopTests {
  @Test func addressesThatCannotBeListenedOn() throws {
    #expect(throws: SimulatorError.addressUnreadable("nowhere")) {
      _ = try GatewaySimulator(options: SimulatorOptions(address: "nowhere"))
    }
    #expect(throws: SimulatorError.addressUnavailable("192.0.2.1:0", code: 99)) {
      _ = try GatewaySimulator(options: SimulatorOptions(address: "192.0.2.1"))
    }
    #expect(throws: SimulatorError.logUnwritable("/nowhere/log", code: 2)) {
      _ = try GatewaySimulator(options: SimulatorOptions(logPath: "/nowhere/log"))
    }
  }

  @Test func clientsThatAreNoAddress() throws {
    #expect(throws: SimulatorError.addressUnreadable("localhost")) {
      _ = try GatewaySimulator(options: SimulatorOptions(allowedClients: ["127.0.0.1", "localhost"]))
    }
  }

  @Test func stopBeforeRun() throws {
    let simulator = try GatewaySimulator(options: SimulatorOptions())
    simulator.stop()
    simulator.run()
  }

  @Test func stopTwice() throws {
    let simulator = try GatewaySimulator(options: SimulatorOptions())
    try simulator.start()
    #expect(try simulator.post(.valid()).isSuccess)
    simulator.stop()
    simulator.stop()
  }

  @Test func severalBesideEachOther() throws {
    try withSimulator { one in
      try withSimulator(SimulatorOptions(appKey: "2")) { other in
        #expect(one.url != other.url)
        let here = try one.post(.valid())
        #expect(here.isSuccess)
        #expect(try other.post(.valid()).code == 29)
        #expect(try other.stat("taken") == 0)
      }
    }
  }
}
