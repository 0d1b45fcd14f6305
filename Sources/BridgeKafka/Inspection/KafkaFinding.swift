package import BridgeCore

/// One thing that was looked at on the Kafka side, for a person.
package struct KafkaFinding: Sendable {
  package enum Verdict: Sendable, Equatable {
    case good
    /// The worker runs, but something may be lost or could not be found out.
    case doubtful
    /// The worker would not start, or not do its work.
    case faulty(FatalFault.Kind)
  }

  package var verdict: Verdict
  /// A few words that stay the same from run to run.
  package var name: String
  /// What was tried, and what the answer means.
  package var sentence: String
  /// What to do; nil where there is nothing to do.
  package var advice: String?
  /// Lines for a shell that do it.
  package var commands: [String] = []

  package init(
    _ verdict: Verdict, _ name: String, _ sentence: String, advice: String? = nil, commands: [String] = []
  ) {
    self.verdict = verdict
    self.name = name
    self.sentence = sentence
    self.advice = advice
    self.commands = commands
  }

  static func good(_ name: String, _ sentence: String) -> KafkaFinding { KafkaFinding(.good, name, sentence) }

  static func doubtful(
    _ name: String, _ sentence: String, advice: String, commands: [String] = []
  ) -> KafkaFinding {
    KafkaFinding(.doubtful, name, sentence, advice: advice, commands: commands)
  }

  static func faulty(
    _ name: String, _ sentence: String, advice: String, commands: [String] = []
  ) -> KafkaFinding {
    KafkaFinding(.faulty(.configuration), name, sentence, advice: advice, commands: commands)
  }

  /// The same as what ends a worker; nil unless faulty.
  var fault: FatalFault? {
    guard case .faulty(let kind) = verdict else { return nil }
    let steps = [advice.map { "\($0)\(commands.isEmpty ? "." : ":")" } ?? ""] + commands
    return FatalFault(kind, "\(sentence). \(steps.joined(separator: " "))")
  }
}
