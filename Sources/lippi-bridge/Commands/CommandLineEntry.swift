internal import BridgeConfiguration

/// From the words of the command line to an exit code.
enum CommandLineEntry {
  static func run(_ arguments: [String]) -> ExitCode {
    guard let first = arguments.first else {
      StandardError.write(HelpText.overview)
      return .usage
    }
    switch first {
    case "--help", "-h", "help":
      return help(Array(arguments.dropFirst()))
    case "--version":
      return run(["version"])
    default:
      break
    }
    guard let (command, rest) = find(arguments) else {
      return unknownVerb(arguments)
    }
    if rest.contains("--help") || rest.contains("-h") {
      StandardOutput.write(HelpText.of(command))
      return .success
    }
    do {
      return command.perform(try command.parse(rest))
    } catch {
      StandardError.write(
        """
        lippi-bridge \(command.name): \(error.sentence)
        lippi-bridge \(command.name) --help shows what there is.

        """)
      return .usage
    }
  }

  private static func help(_ words: [String]) -> ExitCode {
    if words.isEmpty {
      StandardOutput.write(HelpText.overview)
      return .success
    }
    guard let (command, _) = find(words) else { return unknownVerb(words) }
    StandardOutput.write(HelpText.of(command))
    return .success
  }

  private static func find(_ words: [String]) -> (Command, ArraySlice<String>)? {
    for count in [2, 1] where words.count >= count {
      let name = words.prefix(count).joined(separator: " ")
      if let command = CommandTable.all.first(where: { $0.name == name }) {
        return (command, words.dropFirst(count))
      }
    }
    return nil
  }

  private static func unknownVerb(_ words: [String]) -> ExitCode {
    let names = CommandTable.all.map(\.name)
    let word = words[0]
    let family = names.filter { $0.hasPrefix("\(word) ") }
    let meant = family.isEmpty ? Suggestion.nearest(to: word, among: names).map { [$0] } ?? [] : family
    let hint = meant.isEmpty ? "" : "; did you mean \(meant.joined(separator: " or "))?"
    StandardError.write(
      """
      lippi-bridge: unknown command \(word)\(hint)
      lippi-bridge --help shows what there is.

      """)
    return .usage
  }
}
