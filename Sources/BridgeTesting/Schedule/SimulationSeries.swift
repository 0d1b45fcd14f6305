package import BridgeCore
import Glibc
import Synchronization

/// Many schedules with consecutive seeds, over all wanted policies and guarantees in turn, on several threads.
package struct SimulationSeries: Sendable {
  package struct Case: Sendable, CustomStringConvertible {
    package var seed: UInt64
    package var policy: AmbiguousPolicy
    package var guarantee: SimulatedGuarantee
    package var brokenRule: BrokenRule?

    package init(
      seed: UInt64, policy: AmbiguousPolicy, guarantee: SimulatedGuarantee, brokenRule: BrokenRule? = nil
    ) {
      self.seed = seed
      self.policy = policy
      self.guarantee = guarantee
      self.brokenRule = brokenRule
    }

    package func run(trace: ((String) -> Void)? = nil) -> SimulationResult {
      let plan = SimulationPlan(seed: seed, policy: policy, guarantee: guarantee, brokenRule: brokenRule)
      return Simulation(plan: plan, seed: seed, trace: trace).run()
    }

    package var description: String { options }

    /// The options that show this schedule alone.
    package var options: String {
      "--seed \(seed) --count 1 --policy \(policy) --mode \(guarantee.rawValue)"
    }
  }

  /// What a series showed, in the order of the seeds.
  package struct Summary: Sendable {
    package var scheduleCount = 0
    package var sendCount = 0
    package var outcomeCount = 0
    package var flaggedCount = 0
    package var happeningCount = 0
    package var violationCount = 0
    /// The first ones only.
    package var failures: [(failed: Case, violations: [String])] = []
  }

  package var seed: UInt64
  package var count: Int
  package var policies = AmbiguousPolicy.allCases
  package var guarantees = SimulatedGuarantee.allCases
  package var brokenRule: BrokenRule?
  package var threadCount = 2
  /// Ends the series soon after this many schedules have failed.
  package var failureLimit = Int.max
  static let shownFailureLimit = 20
  private static let portion = 16

  package init(seed: UInt64, count: Int) {
    self.seed = seed
    self.count = count
  }

  /// How many schedules it takes until a broken rule is seen, at most `limit`; nil if it is not.
  package static func scheduleCount(catching rule: BrokenRule, seed: UInt64, limit: Int) -> (
    count: Int, found: String
  )? {
    var series = SimulationSeries(seed: seed, count: limit)
    series.brokenRule = rule
    for index in 0..<limit {
      let schedule = series.schedule(at: index)
      if let found = schedule.run().violations.first { return (index + 1, "\(found) (\(schedule.options))") }
    }
    return nil
  }

  /// The schedule with this place in the series.
  package func schedule(at index: Int) -> Case {
    let combination = index % (policies.count * guarantees.count)
    return Case(
      seed: seed &+ UInt64(index), policy: policies[combination % policies.count],
      guarantee: guarantees[combination / policies.count], brokenRule: brokenRule)
  }

  package func run() -> Summary {
    let work = Work(self)
    var threads: [pthread_t] = []
    for _ in 1..<max(threadCount, 1) {
      if let thread = work.launch() { threads.append(thread) }
    }
    work.run()
    for thread in threads { pthread_join(thread, nil) }
    return work.summary
  }

  private final class Work: Sendable {
    private let series: SimulationSeries
    private let next = Atomic<Int>(0)
    private let sum = Mutex(Summary())

    init(_ series: SimulationSeries) { self.series = series }

    var summary: Summary {
      sum.withLock { sum in
        sum.failures.sort { $0.failed.seed < $1.failed.seed }
        return sum
      }
    }

    func launch() -> pthread_t? {
      var thread = pthread_t()
      let place = Unmanaged.passRetained(self)
      let code = pthread_create(
        &thread, nil,
        { place in
          guard let place else { return nil }
          Unmanaged<Work>.fromOpaque(place).takeRetainedValue().run()
          return nil
        }, place.toOpaque())
      guard code == 0 else {
        place.release()
        return nil
      }
      return thread
    }

    func run() {
      while sum.withLock({ $0.failures.count }) < series.failureLimit {
        let first = next.add(SimulationSeries.portion, ordering: .relaxed).oldValue
        guard first < series.count else { return }
        for index in first..<min(first + SimulationSeries.portion, series.count) { runSchedule(at: index) }
      }
    }

    private func runSchedule(at index: Int) {
      let schedule = series.schedule(at: index)
      let result = schedule.run()
      sum.withLock { sum in
        sum.scheduleCount += 1
        sum.sendCount += result.sendCount
        sum.outcomeCount += result.outcomeCount
        sum.flaggedCount += result.flaggedCount
        sum.happeningCount += result.happeningCount
        sum.violationCount += result.violations.count
        guard !result.violations.isEmpty, sum.failures.count < SimulationSeries.shownFailureLimit else {
          return
        }
        sum.failures.append((schedule, result.violations))
      }
    }
  }
}
