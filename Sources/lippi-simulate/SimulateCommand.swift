internal import BridgeCore
internal import BridgeTesting
internal import Glibc

/// The options, and what is printed.
struct SimulateCommand {
  struct UsageError: Error {
    var text: String
  }

  static let usage = """
    Usage: ./dev simulate [--seed S] [--count N] [--policy resend|report|both]
                          [--mode exactly_once|at_least_once|both] [--break RULE] [--threads N]

    Runs the worker's loop and core on N random schedules of crashes, rebalances, outages and answers, and checks
    every promise. The last line counts; exit code 1 after a violation, with the timeline of the first one.
    --break shows that a broken rule is seen; "each" tries all of them.
    """

  private var series: SimulationSeries
  private var wantsHelp = false
  private var breaksEach = false

  init(_ arguments: [String]) throws(UsageError) {
    series = SimulationSeries(seed: UInt64.random(in: 0..<1 << 48), count: 10_000)
    var rest = arguments[...]
    while let option = rest.popFirst() {
      if option == "--help" || option == "-h" {
        wantsHelp = true
        continue
      }
      guard let value = rest.popFirst() else { throw UsageError(text: "\(option) needs a value") }
      switch option {
      case "--seed": series.seed = try Self.number(value, of: option)
      case "--count": series.count = Int(clamping: try Self.number(value, of: option))
      case "--threads": series.threadCount = Int(clamping: try Self.number(value, of: option))
      case "--policy":
        series.policies = try Self.choice(value, of: option, AmbiguousPolicy.allCases) { "\($0)" }
      case "--mode":
        series.guarantees = try Self.choice(value, of: option, SimulatedGuarantee.allCases, \.rawValue)
      case "--break" where value == "each": breaksEach = true
      case "--break":
        series.brokenRule = BrokenRule(rawValue: value)
        guard series.brokenRule != nil else {
          let names = BrokenRule.allCases.map(\.rawValue).joined(separator: ", ")
          throw UsageError(text: "--break takes one of \(names)")
        }
      default: throw UsageError(text: "unknown option \(option)")
      }
    }
  }

  func run() -> Int32 {
    if wantsHelp {
      print(Self.usage)
      return 0
    }
    print("seeds from \(series.seed)")
    if breaksEach { return breakEach() }
    let summary = series.run()
    for (failed, violations) in summary.failures {
      print("\(failed.options): \(violations.prefix(3).joined(separator: "; "))")
    }
    if let first = summary.failures.first { showTimeline(of: first.failed) }
    print("\(summary.outcomeCount) outcomes, \(summary.flaggedCount) flagged events")
    print(
      "\(summary.scheduleCount) schedules, \(summary.sendCount) sends, \(summary.violationCount) violations")
    return summary.violationCount == 0 ? 0 : 1
  }

  /// A table of the broken rules and how many schedules it took to see them.
  private func breakEach() -> Int32 {
    var missedCount = 0
    for rule in BrokenRule.allCases {
      let name = rule.rawValue + String(repeating: " ", count: max(0, 38 - rule.rawValue.utf8.count))
      if let caught = SimulationSeries.scheduleCount(catching: rule, seed: series.seed, limit: series.count) {
        print("\(name) \(caught.count)  \(caught.found)")
      } else {
        missedCount += 1
        print("\(name) not seen in \(series.count) schedules")
      }
    }
    return missedCount == 0 ? 0 : 1
  }

  private func showTimeline(of failed: SimulationSeries.Case) {
    print("\nTimeline of \(failed.options):")
    print("  \(SimulationPlan(seed: failed.seed, policy: failed.policy, guarantee: failed.guarantee))")
    _ = failed.run { print("  \($0)") }
    print("")
  }

  static func complain(_ text: String) {
    let line = Array("lippi-simulate: \(text)\n\(usage)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func number(_ text: String, of option: String) throws(UsageError) -> UInt64 {
    guard let number = UInt64(text) else { throw UsageError(text: "\(option) needs a number") }
    return number
  }

  private static func choice<Value>(
    _ text: String, of option: String, _ values: [Value], _ name: (Value) -> String
  ) throws(UsageError) -> [Value] {
    if text == "both" { return values }
    guard let value = values.first(where: { name($0) == text }) else {
      throw UsageError(text: "\(option) takes \(values.map(name).joined(separator: ", ")) or both")
    }
    return [value]
  }
}
