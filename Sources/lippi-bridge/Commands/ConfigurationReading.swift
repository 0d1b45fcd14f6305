internal import BridgeConfiguration

/// The configuration that a command line asks for.
enum ConfigurationReading {
  /// By `--config` and `--set`, and from the environment.
  static func read(_ arguments: CommandArguments) throws(ConfigurationRefusal) -> Configuration {
    let environment = ProcessEnvironment.variables()
    let file = try ConfigurationFile.find(
      named: arguments.value(of: CommandOption.configurationFile.name), environment: environment)
    return try Configuration.read(
      ConfigurationSources(
        file: file, environment: environment, settings: arguments.values(of: CommandOption.setting.name),
        hostName: ProcessEnvironment.hostName()))
  }

  /// All faults, one a line, and how many they are.
  static func summary(of refusal: ConfigurationRefusal) -> String {
    let count = refusal.problems.count
    return "\(refusal)\nlippi-bridge: \(count) \(count == 1 ? "fault" : "faults") in the configuration\n"
  }
}
