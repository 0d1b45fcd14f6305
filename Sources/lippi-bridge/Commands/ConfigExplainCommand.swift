internal import BridgeConfiguration

extension CommandTable {
  static let configExplain = Command(
    name: "config explain",
    summary: "every key: its value, where that comes from, what is allowed, what it means",
    explanation:
      "Shows the configuration as \"run\" would read it: file, environment, command line, defaults. Without a KEY "
      + "all keys are shown; a KEY may also be a section (gateway), the beginning of a key (gateway.c) or a "
      + "variable. Secrets are shown as <redacted>. Faults go to stderr; a required key that is not set is none. "
      + "Nothing is started and no network is used.",
    options: [
      CommandOption(
        name: "--config", form: .value("FILE"), summary: "the configuration, found as for \"run\""),
      CommandOption(
        name: "--set", form: .repeated("NAME=VALUE"), summary: "sets one key, as for \"run\""),
      CommandOption(name: "--json", form: .flag, summary: "one JSON object a line and key"),
      CommandOption(
        name: "--markdown", form: .flag,
        summary: "the reference page of all keys instead; reads no configuration"),
    ],
    operandName: "KEY",
    exitCodes: [.configuration],
    examples: [
      CommandExample(line: "lippi-bridge config explain", effect: "everything"),
      CommandExample(
        line: "lippi-bridge config explain gateway.request_timeout retry", effect: "one key and a section"),
      CommandExample(
        line: "lippi-bridge config explain --set gateway.concurrency=128 --json gateway.concurrency",
        effect: "for other programs"),
      CommandExample(
        line: "lippi-bridge config explain --markdown > configuration.md", effect: "the reference page"),
    ],
    perform: ConfigExplainCommand.perform)
}

/// `lippi-bridge config explain`.
enum ConfigExplainCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    guard !arguments.isSet("--markdown") else { return markdown(arguments) }
    do throws(KeySelection.UnknownName) {
      let keys = try KeySelection.keys(named: arguments.operands)
      return explain(keys, arguments)
    } catch {
      StandardError.write("lippi-bridge config explain: \(error.sentence)\n")
      return .usage
    }
  }

  private static func explain(_ keys: [ConfigurationKey], _ arguments: CommandArguments) -> ExitCode {
    let survey: ConfigurationSurvey
    do throws(ConfigurationRefusal) {
      survey = Configuration.survey(try ConfigurationReading.sources(arguments))
    } catch {
      StandardError.write(error.report)
      return .configuration
    }
    let names = Set(keys.map(\.name))
    let findings = survey.findings.filter { names.contains($0.key.name) }
    if arguments.isSet("--json") {
      StandardOutput.write(findings.map { KeyExplanation.json($0).compact + "\n" }.joined())
    } else {
      StandardOutput.write(findings.map(KeyExplanation.text).joined(separator: "\n"))
    }
    guard !survey.faults.isEmpty else { return .success }
    StandardError.write(ConfigurationRefusal(problems: survey.faults).report)
    return .configuration
  }

  private static func markdown(_ arguments: CommandArguments) -> ExitCode {
    let others = ["--config", "--set", "--json"].filter(arguments.isSet)
    guard others.isEmpty, arguments.operands.isEmpty else {
      StandardError.write("lippi-bridge config explain: --markdown stands alone\n")
      return .usage
    }
    StandardOutput.write(ReferencePage.text)
    return .success
  }
}
