internal import BridgeConfiguration

extension CommandTable {
  static let configSchema = Command(
    name: "config schema",
    summary: "a JSON Schema of the configuration file",
    explanation:
      "Writes a JSON Schema (draft-07, also valid as 2020-12) to stdout, for editors and other checks. It knows "
      + "names, types and forms; ranges of durations and sizes and contradictions are found by the reader alone.",
    options: [],
    exitCodes: [],
    examples: [
      CommandExample(
        line: "lippi-bridge config schema > lippi-bridge.schema.json", effect: "a file for an editor")
    ],
    perform: { _ in
      StandardOutput.write(ConfigurationSchema.text)
      return .success
    })
}
