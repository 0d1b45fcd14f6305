import BridgeTesting
import Testing

@Suite struct SimulatedSchedulesTests {
  /// Crashes, clean stops, refused commits, every kind of answer: each record gets one outcome, in order, flagged
  /// where it was sent twice. A seed that fails is printed; make it a case of `seedsThatOnceFailed`.
  @Test func thousandsOfRandomSchedulesHoldTheInvariants() {
    let first = UInt64.random(in: 0..<1 << 48)
    var sendCount = 0
    var flaggedCount = 0
    for seed in first..<first + 600 {
      let result = Simulation(plan: SimulationPlan(seed: seed), seed: seed).run()
      sendCount += result.sendCount
      flaggedCount += result.flaggedCount
      #expect(result.violations.isEmpty, "seed \(seed): \(result.violations.prefix(3))")
      if !result.violations.isEmpty { break }
    }
    print("600 schedules from seed \(first): \(sendCount) sends, \(flaggedCount) flagged outcomes")
    #expect(sendCount > 600)
    #expect(flaggedCount > 0)
  }

  @Test func aCleanStopFlagsNothing() {
    var plan = SimulationPlan()
    plan.crashCount = 0
    plan.cleanStopCount = 3
    for seed in UInt64(0)..<200 {
      let result = Simulation(plan: plan, seed: seed).run()
      #expect(result.violations.isEmpty, "seed \(seed): \(result.violations.prefix(3))")
      #expect(result.flaggedCount == 0, "seed \(seed)")
    }
  }
}
