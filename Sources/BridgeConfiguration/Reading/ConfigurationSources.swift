/// The layers of a configuration; a later one wins.
enum Layer: Hashable {
  case file, environment, options
}

/// What a configuration is made of.
package struct ConfigurationSources: Sendable {
  package var file: ConfigurationFile?
  /// All variables of the process; only those that begin with `LIPPI_BRIDGE_` are looked at.
  package var environment: [String: String]
  /// Every `--set`, as `NAME=VALUE`.
  package var settings: [String]
  /// The default of `kafka.instance`.
  package var hostName: String
  package var checks: ConfigurationChecks

  package init(
    file: ConfigurationFile?, environment: [String: String], settings: [String], hostName: String,
    checks: ConfigurationChecks
  ) {
    self.file = file
    self.environment = environment
    self.settings = settings
    self.hostName = hostName
    self.checks = checks
  }
}

/// Values whose meaning others know.
package struct ConfigurationChecks: Sendable {
  package var rules: ConfiguredRuleCheck
  package var mapping: ConfiguredMappingCheck

  package init(rules: @escaping ConfiguredRuleCheck, mapping: @escaping ConfiguredMappingCheck) {
    self.rules = rules
    self.mapping = mapping
  }
}

package struct ConfigurationFile: Sendable {
  package var path: String
  package var bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  package static let byteLimit = 1_024 * 1_024
  /// The variable that names the file.
  package static let pathVariable = "LIPPI_BRIDGE_CONFIG"
  /// Where the file is looked for when nobody names it.
  package static let standardPaths = ["config/lippi-bridge.yaml", "/etc/lippi-bridge/lippi-bridge.yaml"]

  /// Finds and reads the file: the one that is named, else the first of the standard ones that exists, else none.
  /// - Throws: a named file, or one that exists, cannot be read.
  package static func find(
    named path: String?, environment: [String: String]
  ) throws(ConfigurationRefusal) -> ConfigurationFile? {
    let named = path ?? environment[pathVariable]
    guard let path = named ?? standardPaths.first(where: WholeFile.exists) else { return nil }
    do {
      return ConfigurationFile(path: path, bytes: try WholeFile.read(path, byteLimit: byteLimit))
    } catch {
      let problem = ConfigurationProblem(
        place: .wholeFile(path: path), sentence: "the configuration file \(error.reason)")
      throw ConfigurationRefusal(problems: [problem])
    }
  }
}

extension Configuration {
  /// Reads and checks everything; secret files are read, too.
  /// - Throws: all that is wrong, not only the first fault.
  package static func read(_ sources: ConfigurationSources) throws(ConfigurationRefusal) -> Configuration {
    let reader = ConfigurationReader.settled(sources)
    guard reader.problems.isEmpty else { throw ConfigurationRefusal(problems: reader.problems) }
    return Configuration(reader.settings, reader.fileProperties, reader.secrets, reader.rules, reader.mapping)
  }
}

extension ConfigurationReader {
  /// With every layer, secret and default in it, and everything checked.
  static func settled(_ sources: ConfigurationSources) -> ConfigurationReader {
    var reader = ConfigurationReader(hostName: sources.hostName, filePath: sources.file?.path)
    reader.readLayers(of: sources)
    reader.readPropertiesFile()
    reader.readSecrets(environment: sources.environment)
    reader.fillDefaults()
    reader.checkAgreement()
    reader.checkRules(sources.checks.rules)
    reader.checkMapping(sources.checks.mapping)
    return reader
  }
}
