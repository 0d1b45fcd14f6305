internal import BridgeConfiguration
internal import LippiAPI

extension CommandTable {
  static let rules = Command(
    name: "rules",
    summary: "what each answer of the gateway means, and whether the agent may have got the message",
    explanation:
      "Writes the table by which answers are judged, in the order in which its rules are tried: the first that "
      + "holds decides. Rules of the configuration (gateway.rules) stand in front. Only they are read from the "
      + "configuration; without a configuration the built-in table is shown.",
    options: [
      CommandOption(
        name: "--config", form: .value("FILE"),
        summary: "the configuration; else it is looked for as run does"),
      CommandOption(
        name: "--set", form: .repeated("NAME=VALUE"),
        summary: "sets one key and wins over file and environment"),
      CommandOption(name: "--json", form: .flag, summary: "one JSON object"),
      CommandOption(
        name: "--markdown", form: .flag,
        summary: "the built-in table as a page of documentation; no configuration is read"),
    ],
    exitCodes: [.configuration],
    examples: [
      CommandExample(line: "lippi-bridge rules", effect: "the table that a worker here would use"),
      CommandExample(
        line:
          #"lippi-bridge rules --set 'gateway.rules=[{"result_code":"400001","class":"temporary"}]'"#,
        effect: "what one more rule would change"),
      CommandExample(line: "lippi-bridge rules --json", effect: "for other programs"),
    ],
    perform: RulesCommand.perform)
}

/// `lippi-bridge rules`.
enum RulesCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    let isJSON = arguments.isSet("--json")
    if arguments.isSet("--markdown") {
      let others = ["--json", "--config", "--set"].filter(arguments.isSet)
      guard others.isEmpty else {
        StandardError.write(
          "lippi-bridge rules: --markdown does not go with \(others.joined(separator: ", "))\n")
        return .usage
      }
      StandardOutput.write(RulesDisplay(table: RuleTable()).markdown)
      return .success
    }
    do throws(ConfigurationRefusal) {
      let rules = try Configuration.readRules(ConfigurationReading.sources(arguments))
      let display = RulesDisplay(table: RuleTable(configured: rules))
      StandardOutput.write(isJSON ? display.json : display.text)
      return .success
    } catch {
      StandardError.write("\(error)\n")
      return .configuration
    }
  }
}
