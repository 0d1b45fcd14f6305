import BridgeCore
import BridgeTesting
import Testing

@Suite struct SimulatedSchedulesTests {
  /// Crashes, pauses, rebalances, outages, every kind of answer, under both policies and both guarantees. A seed that
  /// fails is printed; make it a case of `seedsThatOnceFailed`. `./dev test` tries more of them.
  @Test func randomSchedulesKeepThePromise() {
    let series = SimulationSeries(seed: UInt64.random(in: 0..<1 << 48), count: 8_000)
    let summary = series.run()
    for (failed, violations) in summary.failures {
      Issue.record("./dev simulate \(failed.options): \(violations.prefix(3))")
    }
    print(
      "\(summary.scheduleCount) schedules from seed \(series.seed): \(summary.sendCount) sends, "
        + "\(summary.outcomeCount) outcomes, \(summary.flaggedCount) flagged events")
    #expect(summary.violationCount == 0)
    #expect(summary.scheduleCount == 8_000)
    #expect(summary.flaggedCount > 1_000 && summary.flaggedCount < summary.outcomeCount / 5)
  }

  @Test(arguments: [
    // A member that was replaced while it slept read its successor's recovery log and sent what that allows.
    SimulationSeries.Case(seed: 17_799, policy: .resend, guarantee: .atLeastOnce),
    SimulationSeries.Case(seed: 502_702, policy: .resend, guarantee: .atLeastOnce),
    // An unresolved record that the predecessor had certainly not sent held up the ceiling at a clean stop.
    SimulationSeries.Case(seed: 346_954, policy: .resend, guarantee: .atLeastOnce),
    // Nothing woke the loop for the last batch of a drain, once it was refused.
    SimulationSeries.Case(seed: 348_540, policy: .resend, guarantee: .exactlyOnce),
    SimulationSeries.Case(seed: 366_816, policy: .resend, guarantee: .exactlyOnce),
    // A process with a static member's name was there before its predecessor's lease was over.
    SimulationSeries.Case(seed: 7_176_497, policy: .report, guarantee: .exactlyOnce),
    // Two assignments came at once, and the first one's partition was never asked about.
    SimulationSeries.Case(seed: 148_895_928_087_539, policy: .report, guarantee: .exactlyOnce),
    // A probe that had started before the ban was read got through afterwards, and ended it.
    SimulationSeries.Case(seed: 212_418_599_448_957, policy: .report, guarantee: .exactlyOnce),
    // Nothing raised the ceiling over the lane that could have shown whose fault a refusal was, because the lane that
    // had been refused stood ready.
    SimulationSeries.Case(seed: 65_744_924_656_832, policy: .report, guarantee: .atLeastOnce),
    // After an outcome that Kafka takes in no form the loop turned without a pause until the next try.
    SimulationSeries.Case(seed: 908_216, policy: .resend, guarantee: .exactlyOnce),
    // A slow attempt was under way during a ban, and that time was taken for its own.
    SimulationSeries.Case(seed: 162_852_959_313_523, policy: .resend, guarantee: .exactlyOnce),
    SimulationSeries.Case(seed: 162_852_959_303_861, policy: .resend, guarantee: .atLeastOnce),
    SimulationSeries.Case(seed: 162_852_959_322_600, policy: .report, guarantee: .exactlyOnce),
    SimulationSeries.Case(seed: 162_852_959_337_889, policy: .resend, guarantee: .atLeastOnce),
  ])
  func seedsThatOnceFailed(_ schedule: SimulationSeries.Case) {
    #expect(schedule.run().violations == [])
  }

  @Test func aSeedGivesTheSameScheduleAgain() {
    for seed in UInt64(0)..<20 {
      let schedule = SimulationSeries.Case(seed: seed, policy: .resend, guarantee: .exactlyOnce)
      var first: [String] = []
      var second: [String] = []
      _ = schedule.run { first.append($0) }
      _ = schedule.run { second.append($0) }
      #expect(first == second)
      #expect(first.count > 5)
    }
  }

  @Test func aCleanStopFlagsNothing() {
    for policy in AmbiguousPolicy.allCases {
      for seed in UInt64(0)..<200 {
        var plan = SimulationPlan()
        plan.policy = policy
        plan.disturbances = (1...3).map { count in
          SimulationPlan.Disturbance(
            kind: .stop, at: .milliseconds(Int64(count) * 400), span: .milliseconds(5), instance: 0)
        }
        let result = Simulation(plan: plan, seed: seed).run()
        #expect(result.violations == [], "seed \(seed), \(policy)")
        #expect(result.flaggedCount == 0, "seed \(seed), \(policy)")
      }
    }
  }
}
