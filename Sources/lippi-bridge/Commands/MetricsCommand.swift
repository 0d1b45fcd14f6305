internal import BridgeOps

extension CommandTable {
  static let metrics = Command(
    name: "metrics",
    summary: "every metric that /metrics of a worker has, and what it means",
    explanation:
      "Writes the table of metrics: name, type, labels, meaning. No worker and no configuration are needed.",
    options: [
      CommandOption(name: "--markdown", form: .flag, summary: "as a page of documentation")
    ],
    exitCodes: [],
    examples: [CommandExample(line: "lippi-bridge metrics", effect: "what there is to watch")],
    perform: { arguments in
      StandardOutput.write(arguments.isSet("--markdown") ? MetricsPage.markdown : MetricsPage.text)
      return .success
    })
}
