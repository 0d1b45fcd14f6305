internal import BridgeConfiguration

/// The configuration that a command line asks for, by `--config` and `--set`, and from the environment.
enum ConfigurationReading {
  static func read(_ arguments: CommandArguments) throws(ConfigurationRefusal) -> Configuration {
    try Configuration.read(sources(arguments))
  }

  static func sources(_ arguments: CommandArguments) throws(ConfigurationRefusal) -> ConfigurationSources {
    try ProcessEnvironment.sources(
      file: arguments.value(of: CommandOption.configurationFile.name),
      settings: arguments.values(of: CommandOption.setting.name))
  }

  /// The command line says that there is a configuration.
  static func isAskedFor(_ arguments: CommandArguments) -> Bool {
    arguments.isSet(CommandOption.configurationFile.name) || arguments.isSet(CommandOption.setting.name)
  }
}
