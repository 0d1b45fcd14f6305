import BridgeCore
import BridgeTesting
import Testing

/// A simulation that cannot fail proves nothing: each rule of delivery is broken in turn, and has to be missed.
@Suite struct BrokenRulesAreSeenTests {
  private static let scheduleLimit = 20_000

  @Test(arguments: BrokenRule.allCases) func aBrokenRuleIsSeen(_ rule: BrokenRule) {
    // A fixed seed: how long it takes is to be compared from change to change.
    let caught = SimulationSeries.scheduleCount(catching: rule, seed: 500_000, limit: Self.scheduleLimit)
    let name = rule.rawValue + String(repeating: " ", count: max(0, 38 - rule.rawValue.utf8.count))
    print(
      "broken rule \(name) schedules \(caught.map { "\($0.count)" } ?? "-")  \(caught?.found ?? "not seen")")
    #expect(caught != nil)
  }
}
