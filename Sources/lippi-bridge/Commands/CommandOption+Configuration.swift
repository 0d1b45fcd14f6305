/// Options of every command that reads the configuration.
extension CommandOption {
  static let configurationFile = CommandOption(
    name: "--config", form: .value("FILE"),
    summary: "the configuration; else the file that LIPPI_BRIDGE_CONFIG names, else "
      + "config/lippi-bridge.yaml, else /etc/lippi-bridge/lippi-bridge.yaml")
  static let setting = CommandOption(
    name: "--set", form: .repeated("NAME=VALUE"),
    summary: "sets one key and wins over file and environment; lists and objects are JSON")
}
