internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import Glibc

extension CommandTable {
  static let check = Command(
    name: "check",
    summary: "says what is right, doubtful or wrong before the worker runs",
    explanation:
      "Looks at the configuration and, with --connect, at Kafka and the gateway, and writes one line for each thing: ok, "
      + "warn or fail, a name, what was tried and what it means, and what to do. Warnings end with 0. Nothing is "
      + "changed: rights are tried with the transactional id <group_id>-<instance>-check in a transaction that is "
      + "aborted, the group is not joined, and the call to the gateway names no method, no app and no signature, so "
      + "that it cannot be a message.",
    options: [
      CommandOption(
        name: "--connect", form: .flag,
        summary: "also Kafka (brokers, topics, settings, rights) and the gateway (connection, clock)"),
      CommandOption(
        name: "--json", form: .flag,
        summary: "one JSON object a line: status, name, sentence, advice, commands"),
      .configurationFile, .setting,
    ],
    exitCodes: [.brokerUnreachable, .permissionDenied, .configuration],
    examples: [
      CommandExample(
        line: "lippi-bridge check --config /etc/lippi-bridge/lippi-bridge.yaml",
        effect: "the configuration alone"),
      CommandExample(
        line: "lippi-bridge check --connect --config /etc/lippi-bridge/lippi-bridge.yaml",
        effect: "everything that run would need"),
    ],
    perform: CheckCommand.perform)
}

/// `lippi-bridge check`.
enum CheckCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    signal(SIGPIPE, SIG_IGN)
    var report = CheckReport(isJSON: arguments.isSet("--json"))
    var notes: [String] = []
    do throws(ConfigurationRefusal) {
      let configuration = try ConfigurationReading.read(arguments)
      for finding in SettingsCheck(configuration).findings { report.add(finding) }
      if arguments.isSet("--connect") { notes = connect(configuration, &report) }
    } catch {
      for finding in SettingsCheck.findings(error) { report.add(finding) }
    }
    report.finish(notes: notes)
    return report.exitCode
  }

  /// What to know about the command lines that were found.
  private static func connect(_ configuration: Configuration, _ report: inout CheckReport) -> [String] {
    let settings = configuration.kafkaSettings
    for finding in KafkaInspection.findings(settings, timeout: settings.startupTimeout) {
      report.add(CheckFinding(finding))
    }
    for finding in GatewayCheck(configuration).findings() { report.add(finding) }
    let lines = AdministrationLines(settings)
    var notes: [String] = []
    if lines.needsAdministratorFile {
      notes.append(
        "\(AdministrationLines.administratorFile): connection settings of an administrator, in Kafka's own form"
      )
    }
    if lines.needsPrincipal { notes.append("User:NAME: the name by which the brokers know the worker") }
    return notes
  }
}
