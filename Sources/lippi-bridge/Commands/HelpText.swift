/// Help, made from the command table.
enum HelpText {
  private static let lineLength = 100

  static var overview: String {
    """
    lippi-bridge brings chat events from a Kafka topic to agents, through the API
    alibaba.lyservice.lippi.message.send, and writes what became of each to a result topic.

    Usage: lippi-bridge COMMAND [OPTIONS]

    \(columns(CommandTable.all.map { ($0.name, $0.summary) }))
    lippi-bridge COMMAND --help shows options and examples.

    """
  }

  static func of(_ command: Command) -> String {
    let options = command.options + [help]
    var text = """
      lippi-bridge \(command.name): \(command.summary)

      \(wrapped(command.explanation, indent: 0))
      Usage: lippi-bridge \(command.name) [OPTIONS]\(command.operandName.map { " [\($0)…]" } ?? "")

      \(columns(options.map { (label($0), $0.summary) }))
      """
    if !command.exitCodes.isEmpty {
      text += "\nExit codes:\n" + columns(command.exitCodes.map { (String($0.rawValue), $0.meaning) })
    }
    text += "\nExamples:\n"
    for example in command.examples { text += "  # \(example.effect)\n  \(example.line)\n" }
    return text
  }

  private static let help = CommandOption(name: "--help", form: .flag, summary: "shows this")

  private static func label(_ option: CommandOption) -> String {
    switch option.form {
    case .flag: option.name
    case .value(let valueName): "\(option.name) \(valueName)"
    case .repeated(let valueName): "\(option.name) \(valueName) …"
    }
  }

  private static func columns(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { label, sentence in
      let lead = "  \(label)\(String(repeating: " ", count: width - label.count))  "
      let lines = wrapped(sentence, indent: width + 4)
      return lead + lines.drop { $0 == " " }
    }.joined()
  }

  /// Lines of at most `lineLength` characters, each ended.
  private static func wrapped(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= lineLength {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(margin + word)
      }
    }
    return lines.map { "\($0)\n" }.joined()
  }
}
