internal import BridgeCore
internal import Glibc

/// Writes findings as they come: one line each, and at the end the lines for a shell.
struct CheckReport {
  private let isJSON: Bool
  private let isColoured: Bool
  private var commands: [String] = []
  private var goodCount = 0
  private var doubtfulCount = 0
  private var faults: [ExitCode] = []

  /// Which fault decides how the program ends, when there are several: what hides the others comes first.
  private static let precedence: [ExitCode] = [.brokerUnreachable, .permissionDenied, .configuration]

  init(isJSON: Bool) {
    self.isJSON = isJSON
    isColoured = !isJSON && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
  }

  var exitCode: ExitCode {
    Self.precedence.first { faults.contains($0) } ?? faults.first ?? .success
  }

  mutating func add(_ finding: CheckFinding) {
    switch finding.verdict {
    case .good: goodCount += 1
    case .doubtful: doubtfulCount += 1
    case .faulty(let code): faults.append(code)
    }
    for command in finding.commands where !commands.contains(command) { commands.append(command) }
    StandardOutput.write((isJSON ? Self.json(finding) : text(finding)) + "\n")
  }

  /// `notes`: what a reader of the command lines has to know.
  func finish(notes: [String]) {
    if !isJSON {
      if !commands.isEmpty {
        StandardOutput.write("\nCommands that create or change what was found missing:\n")
        for command in commands { StandardOutput.write(command + "\n") }
        for note in notes { StandardOutput.write("# \(note)\n") }
      }
    }
    StandardError.write("\(goodCount) ok, \(doubtfulCount) to look at, \(faults.count) failed\n")
  }

  private func text(_ finding: CheckFinding) -> String {
    let word = Self.word(finding.verdict)
    let padded = word + String(repeating: " ", count: 5 - word.count)
    let advice = finding.advice.map { ". \($0)\(finding.commands.isEmpty ? "" : " (command below)")" } ?? ""
    let line = "\(finding.name): \(finding.sentence)\(advice)."
    guard isColoured else { return padded + line }
    return "\u{1b}[\(Self.colour(finding.verdict))m\(padded)\u{1b}[0m\(line)"
  }

  private static func word(_ verdict: CheckFinding.Verdict) -> String {
    switch verdict {
    case .good: "ok"
    case .doubtful: "warn"
    case .faulty: "fail"
    }
  }

  private static func colour(_ verdict: CheckFinding.Verdict) -> String {
    switch verdict {
    case .good: "32"
    case .doubtful: "33"
    case .faulty: "31"
    }
  }

  private static func json(_ finding: CheckFinding) -> String {
    var text = ByteBuffer(capacity: 512)
    text.append("{\"status\":")
    text.appendJSONString(text: word(finding.verdict))
    text.append(",\"name\":")
    text.appendJSONString(text: finding.name)
    text.append(",\"sentence\":")
    text.appendJSONString(text: finding.sentence)
    text.append(",\"advice\":")
    if let advice = finding.advice { text.appendJSONString(text: advice) } else { text.append("null") }
    text.append(",\"commands\":[")
    for (index, command) in finding.commands.enumerated() {
      if index > 0 { text.append(",") }
      text.appendJSONString(text: command)
    }
    text.append("]}")
    return text.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
