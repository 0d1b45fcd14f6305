internal import BridgeConfiguration
internal import BridgeCore

extension CommandTable {
  static let offsets: [Command] = [offsetsShow, offsetsAdopt, offsetsRepair, offsetsSkip]

  static let offsetsShow = Command(
    name: "offsets show",
    summary: "what the group has committed for each partition, and whether it is started",
    explanation:
      "Shows the recovery log of each partition of the input topic: C, below which every record has its outcome; K, at "
      + "or above which nothing was ever sent; how many offsets from C on have their outcome (published); how many "
      + "below K have none and may have been sent (possibly sent); the end of the partition and the lag; who wrote it "
      + "(token). A partition is started, fresh (nothing was ever done: it begins at input.start) or not started, with "
      + "the reason and the command that decides. Nothing is changed.",
    options: [
      CommandOption(name: "--json", form: .flag, summary: "one JSON object a partition"),
      .configurationFile, .setting,
    ],
    exitCodes: [.brokerUnreachable, .permissionDenied, .configuration],
    examples: [
      CommandExample(
        line: "lippi-bridge offsets show --config /etc/lippi-bridge/lippi-bridge.yaml", effect: "a table")
    ],
    perform: OffsetsCommand.show)

  static let offsetsAdopt = Command(
    name: "offsets adopt",
    summary: "starts a partition at an offset from which on nothing was ever sent",
    explanation:
      "Decides about partitions that are not started: nothing from the offset on was ever sent to the gateway. The "
      + "offset is the one that something else has committed (a reset tool), or that of --at. Records below it get no "
      + "outcome. If anything above may have been sent, use offsets repair: what is adopted wrongly is sent a second "
      + "time without a flag. " + decisionWords,
    options: decisionOptions + [
      CommandOption(
        name: "--at", form: .value("OFFSET"), summary: "of one partition; else what was committed"),
      .configurationFile, .setting,
    ],
    exitCodes: decisionExitCodes,
    examples: [
      CommandExample(
        line: "lippi-bridge offsets adopt --all --config /etc/lippi-bridge/lippi-bridge.yaml",
        effect: "what would be written"),
      CommandExample(
        line: "lippi-bridge offsets adopt --all --config /etc/lippi-bridge/lippi-bridge.yaml --yes",
        effect: "after a reset tool has set the group's offsets"),
    ],
    perform: OffsetsCommand.adopt)

  static let offsetsRepair = Command(
    name: "offsets repair",
    summary: "starts a partition behind what the result topic has of this group",
    explanation:
      "Decides about partitions that are not started: reads this group's outcomes in the result partition, and the "
      + "records of the input partition that have none. Records with an outcome are done; all others, to the end of the "
      + "partition, count as possibly sent: under ambiguous.policy resend they are sent and flagged, under report their "
      + "outcome is in_doubt. Where retention has removed outcomes, give the offset to begin at with --from: records "
      + "below it get no further outcome. " + decisionWords,
    options: decisionOptions + [
      CommandOption(
        name: "--from", form: .value("OFFSET"), summary: "of one partition; else the start of the partition"),
      .configurationFile, .setting,
    ],
    exitCodes: decisionExitCodes,
    examples: [
      CommandExample(
        line: "lippi-bridge offsets repair --all --config /etc/lippi-bridge/lippi-bridge.yaml",
        effect: "what would be written")
    ],
    perform: OffsetsCommand.repair)

  static let offsetsSkip = Command(
    name: "offsets skip",
    summary: "starts a partition at an offset, and gives up the records below it",
    explanation:
      "Decides about a partition that is not started: records below the offset of --to get no outcome any more; how many "
      + "that are is said first. What is known of those above stays: their outcomes, and which may have been sent. "
      + decisionWords,
    options: decisionOptions + [
      CommandOption(name: "--to", form: .value("OFFSET"), summary: "of one partition"),
      .configurationFile, .setting,
    ],
    exitCodes: decisionExitCodes,
    examples: [
      CommandExample(
        line: "lippi-bridge offsets skip --partition 0 --to 0 --config /etc/lippi-bridge/lippi-bridge.yaml",
        effect: "what would be given up")
    ],
    perform: OffsetsCommand.skip)

  private static let decisionWords =
    "Only partitions that offsets show calls not started are touched; a running worker starts them within 10 s. "
    + "Without --yes nothing is written, what would be is shown, and the exit code is 0; a decision that cannot be "
    + "carried out ends with 65, and nothing is written then."

  private static let decisionOptions = [
    CommandOption(name: "--partition", form: .repeated("N"), summary: "of the input topic"),
    CommandOption(name: "--all", form: .flag, summary: "every partition that is not started"),
    CommandOption(name: "--yes", form: .flag, summary: "writes it"),
  ]

  private static let decisionExitCodes: [ExitCode] = [
    .badData, .brokerUnreachable, .fenced, .permissionDenied, .configuration,
  ]
}

/// `lippi-bridge offsets …`.
enum OffsetsCommand {
  static func show(_ arguments: CommandArguments) -> ExitCode {
    perform(arguments, CommandTable.offsetsShow) {
      try OffsetsShow.run($0, isJSON: arguments.isSet("--json"))
    }
  }

  static func adopt(_ arguments: CommandArguments) -> ExitCode {
    decide(arguments, CommandTable.offsetsAdopt, option: "--at") { .adopt(at: $0) }
  }

  static func repair(_ arguments: CommandArguments) -> ExitCode {
    decide(arguments, CommandTable.offsetsRepair, option: "--from") { .repair(from: $0) }
  }

  static func skip(_ arguments: CommandArguments) -> ExitCode {
    guard arguments.isSet("--to") else {
      return CommandFailure.report(
        UsageFault(sentence: "--to OFFSET is missing: where to go on"), of: CommandTable.offsetsSkip)
    }
    return decide(arguments, CommandTable.offsetsSkip, option: "--to") { .skip(to: $0 ?? 0) }
  }

  private static func perform(
    _ arguments: CommandArguments, _ command: Command, _ body: (Configuration) throws -> ExitCode
  ) -> ExitCode {
    do {
      return try body(try ConfigurationReading.read(arguments))
    } catch {
      return CommandFailure.report(error, of: command)
    }
  }

  private static func decide(
    _ arguments: CommandArguments, _ command: Command, option: String,
    _ decision: (Int64?) -> OffsetsDecision
  ) -> ExitCode {
    perform(arguments, command) { configuration in
      let request = try OffsetsRequest(arguments, option: option, decision)
      return try OffsetsDeciding(request, configuration, command).run()
    }
  }
}
