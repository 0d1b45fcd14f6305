internal import BridgeConfiguration
internal import GatewaySimulator

/// Every verb there is, in the order of the help.
enum CommandTable {
  static let all: [Command] =
    [
      run, demo, check, convert, publish, results, health, pause, resume, simulator, rules, metrics,
    ] + offsets + [configExample, configExplain, configSchema, version]

  static let run = Command(
    name: "run",
    summary: "the worker",
    explanation:
      "Reads the input topic, sends each event to the gateway and writes one outcome for each, until "
      + "SIGTERM or SIGINT: then it takes nothing new, finishes what is under way, commits and ends. A second "
      + "signal ends it at once. SIGHUP reads the gateway's secrets again.",
    options: [
      .configurationFile, .setting,
    ],
    exitCodes: [
      .brokerUnreachable, .loopSilent, .transactionStuck, .closeStuck, .fenced, .drainMissed,
      .permissionDenied, .configuration,
    ],
    examples: [
      CommandExample(
        line: "lippi-bridge run --config /etc/lippi-bridge/lippi-bridge.yaml", effect: "with a file"),
      CommandExample(
        line: "LIPPI_BRIDGE_GATEWAY_APP_SECRET=… lippi-bridge run --set input.start=latest",
        effect: "a secret from the environment, one key from the command line"),
    ],
    perform: RunCommand.perform)

  static let demo = Command(
    name: "demo",
    summary: "everything in one process: Kafka, gateway, worker and sample events",
    explanation:
      "Starts a mock Kafka cluster, a gateway simulator and the worker, publishes sample events of every content "
      + "type, some of them faulty, and shows the outcomes as they come. It goes on until SIGINT or SIGTERM.",
    options: [
      CommandOption(name: "--events", form: .value("N"), summary: "how many sample events (40)"),
      CommandOption(name: "--seed", form: .value("N"), summary: "decides which conversation says what (1)"),
      CommandOption(
        name: "--exit-when-idle", form: .flag,
        summary: "ends when every event has its outcome; exit code 1 if one is missing"),
      CommandOption(name: "--timeout", form: .value("SECONDS"), summary: "how long that may take (120s)"),
      CommandOption(
        name: "--json", form: .flag, summary: "outcomes as JSON lines on stdout, the rest on stderr"),
      CommandOption(
        name: "--bootstrap", form: .value("SERVERS"),
        summary: "a real Kafka instead: topics lippi-demo-* are created there, the group is new"),
    ],
    exitCodes: [.missingOutcome, .brokerUnreachable, .drainMissed, .configuration],
    examples: [
      CommandExample(line: "lippi-bridge demo", effect: "a table of outcomes, until Ctrl-C"),
      CommandExample(line: "lippi-bridge demo --exit-when-idle --json", effect: "for other programs"),
    ],
    perform: DemoCommand.perform)

  static let simulator = Command(
    name: "simulator",
    summary: "a gateway for tests, on this machine",
    explanation:
      "Answers like the gateway: checks parameters, signature and clock in the gateway's order, and can "
      + "be told to fail. The first line on stdout is {\"url\":\"…\"}. It runs until SIGTERM or SIGINT. Faults are "
      + "set by POST /_fault and ended by DELETE /_fault; GET /_stats and GET /_log?after=SEQ show what came in. "
      + "Kinds of faults: \(GatewaySimulator.faultKinds.joined(separator: ", ")); "
      + "docs/simulator.md has their members.",
    options: [
      CommandOption(
        name: "--listen", form: .value("ADDRESS:PORT"),
        summary: "where to listen; port 0 takes a free one (127.0.0.1:0)"),
      CommandOption(name: "--app-key", form: .value("KEY"), summary: "the app it knows (12345678)"),
      CommandOption(
        name: "--app-secret-file", form: .value("FILE"),
        summary: "a file with the app's secret (without it the secret is helloworld)"),
      CommandOption(
        name: "--session-file", form: .value("FILE"),
        summary: "a file with the token that every request has to bring (without it none is asked for)"),
      CommandOption(
        name: "--allow-client", form: .repeated("ADDRESS"),
        summary: "an address that may use the app (without it every one)"),
      CommandOption(
        name: "--without-permission", form: .flag, summary: "the app may not call this API: code 11"),
      CommandOption(
        name: "--tls-cert", form: .value("FILE"),
        summary: "a certificate in PEM form, its chain behind it; every connection then speaks TLS"),
      CommandOption(name: "--tls-key", form: .value("FILE"), summary: "the key that goes with it"),
      CommandOption(
        name: "--latency", form: .value("MS"), summary: "how long each answer takes, in milliseconds (0)"),
      CommandOption(
        name: "--clock-offset", form: .value("SECONDS"),
        summary: "how far its clock is ahead of this machine's (0)"),
      CommandOption(
        name: "--deduplicate", form: .flag,
        summary: "a message_id that was taken before is answered and not taken again"),
      CommandOption(
        name: "--log", form: .value("FILE"), summary: "writes one JSON line for each request to a file"),
      CommandOption(
        name: "--seed", form: .value("N"), summary: "for faults that hit only some requests (0)"),
    ],
    exitCodes: [.noInput, .configuration],
    examples: [
      CommandExample(line: "lippi-bridge simulator --listen 127.0.0.1:8080", effect: "at a fixed port"),
      CommandExample(
        line: "lippi-bridge simulator --latency 20 --log requests.jsonl",
        effect: "slow answers, every request noted"),
      CommandExample(
        line: #"curl -d '{"kind":"answer","code":7,"count":3}' http://127.0.0.1:8080/_fault"#,
        effect: "the next three messages are refused by flow control"),
    ],
    perform: SimulatorCommand.perform)

  static let configExample = Command(
    name: "config example",
    summary: "a configuration file with every key, its default and what it means",
    explanation: "Writes a commented configuration file to stdout.",
    options: [],
    exitCodes: [],
    examples: [
      CommandExample(line: "lippi-bridge config example > lippi-bridge.yaml", effect: "a file to start from")
    ],
    perform: { _ in
      StandardOutput.write(ExampleFile.text)
      return .success
    })

  static let version = Command(
    name: "version",
    summary: "the versions of this program and of the libraries it runs with",
    explanation: "Writes the version of lippi-bridge, and those of the libraries it found at run time.",
    options: [CommandOption(name: "--json", form: .flag, summary: "one JSON object")],
    exitCodes: [],
    examples: [CommandExample(line: "lippi-bridge version --json", effect: "for other programs")],
    perform: VersionCommand.perform)
}
