internal import BridgeConfiguration
internal import BridgeCore
internal import Outcomes

extension CommandTable {
  static let results = Command(
    name: "results",
    summary: "the outcomes in the result topic, as a table or as JSON lines",
    explanation:
      "Reads the result topic from its beginning, or from --since on, to its present end, and shows what is wanted; "
      + "with --follow it goes on with what comes, until SIGINT or SIGTERM. Only committed outcomes are seen. How many "
      + "of each kind were shown, and how long they took, is told on stderr at the end. Filters that are given more "
      + "than once want any of their values; different filters must all hold. Servers, topic and rights come from the "
      + "configuration, or with --bootstrap from the command line alone.",
    options: [
      CommandOption(name: "--follow", form: .flag, summary: "goes on when the end is reached"),
      CommandOption(name: "--json", form: .flag, summary: "each outcome as it is, one JSON object a line"),
      CommandOption(
        name: "--outcome", form: .repeated("KIND"),
        summary: OutcomeKind.allCases.map { "\($0.name)" }.joined(separator: ", ")),
      CommandOption(
        name: "--class", form: .repeated("CLASS"),
        summary: "class of the error: " + ErrorClass.allCases.map { "\($0.name)" }.joined(separator: ", ")),
      CommandOption(name: "--sid", form: .repeated("SID"), summary: "the conversation"),
      CommandOption(name: "--message-id", form: .repeated("ID"), summary: "the message"),
      CommandOption(
        name: "--since", form: .value("TIME"),
        summary: "finished at that time or later: 2025-01-31T08:00:00Z, or 1h for an hour ago"),
      CommandOption(name: "--until", form: .value("TIME"), summary: "finished before that time"),
      CommandOption(
        name: "--partition", form: .repeated("N"), summary: "of the result topic; all without it"),
      CommandOption(
        name: "--bootstrap", form: .value("SERVERS"),
        summary: "the brokers; without --config and --set no configuration is read then"),
      CommandOption(
        name: "--topic", form: .value("NAME"),
        summary: "the result topic; else that of the configuration, else chat-outcomes"),
      .configurationFile, .setting,
    ],
    exitCodes: [.brokerUnreachable, .permissionDenied, .configuration],
    examples: [
      CommandExample(
        line:
          "lippi-bridge results --bootstrap localhost:9092 --since 1h --outcome rejected --outcome failed",
        effect: "what went wrong in the last hour"),
      CommandExample(
        line: "lippi-bridge results --bootstrap localhost:9092 --since 5m --json",
        effect: "for other programs"),
    ],
    perform: ResultsCommand.perform)
}

/// `lippi-bridge results`: reads its options and shows outcomes.
enum ResultsCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do {
      let request = try ResultsRequest(arguments)
      return try Results(request).run(until: try StopRequests.signals())
    } catch {
      return CommandFailure.report(error, of: CommandTable.results)
    }
  }
}
