internal import BridgeCore
internal import BridgeKafka

/// One line of a check.
struct CheckFinding {
  enum Verdict: Equatable {
    case good
    case doubtful
    /// With the exit code that `run` would have ended with.
    case faulty(ExitCode)
  }

  var verdict: Verdict
  /// Stays the same from run to run, so that programs can look for it.
  var name: String
  /// What was tried and what it means; one sentence or more, without the last full stop.
  var sentence: String
  /// What to do, without the last full stop.
  var advice: String?
  /// Lines for a shell that do it.
  var commands: [String] = []

  init(_ verdict: Verdict, _ name: String, _ sentence: String, advice: String? = nil) {
    self.verdict = verdict
    self.name = name
    self.sentence = sentence
    self.advice = advice
  }

  init(_ found: KafkaFinding) {
    let verdict: Verdict =
      switch found.verdict {
      case .good: .good
      case .doubtful: .doubtful
      case .faulty(let kind): .faulty(FatalFault(kind, "").exitCode)
      }
    self.init(verdict, found.name, found.sentence, advice: found.advice)
    commands = found.commands
  }
}
