import BridgeConfiguration
import Foundation

/// Reads a configuration the way the tests need it: a text as file `lippi.yaml`, everything required set outside.
struct Reading {
  var file: String?
  var environment: [String: String] = [:]
  var settings: [String] = []
  var ruleCheck: ConfiguredRuleCheck = { _ in [] }
  var mappingCheck: ConfiguredMappingCheck = { _ in [] }

  static let required = [
    "LIPPI_BRIDGE_KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    "LIPPI_BRIDGE_GATEWAY_URL": "http://127.0.0.1:8080/router/rest",
    "LIPPI_BRIDGE_GATEWAY_APP_KEY": "12345678",
    "LIPPI_BRIDGE_GATEWAY_APP_SECRET": "helloworld",
  ]

  init(_ file: String? = nil, environment: [String: String] = [:], settings: [String] = []) {
    self.file = file
    self.environment = Reading.required.merging(environment) { $1 }
    self.settings = settings
  }

  /// Without anything required.
  static func bare(
    _ file: String? = nil, environment: [String: String] = [:], settings: [String] = []
  ) -> Reading {
    var reading = Reading(file, settings: settings)
    reading.environment = environment
    return reading
  }

  func configuration() throws(ConfigurationRefusal) -> Configuration {
    try Configuration.read(
      ConfigurationSources(
        file: file.map { ConfigurationFile(path: "lippi.yaml", bytes: Array($0.utf8)) },
        environment: environment, settings: settings, hostName: "worker-7",
        checks: ConfigurationChecks(rules: ruleCheck, mapping: mappingCheck)))
  }

  func problems() -> [String] {
    do throws(ConfigurationRefusal) {
      _ = try configuration()
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }
}

/// A file for the time of a closure.
func withFile<Result>(_ content: String, _ body: (String) throws -> Result) throws -> Result {
  let path = "/tmp/lippi-configuration-\(UUID().uuidString)"
  try Data(content.utf8).write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

extension ConfigurationChecks {
  /// What the texts mean is nobody's business here.
  static let none = ConfigurationChecks(rules: { _ in [] }, mapping: { _ in [] })
}
