internal import BridgeConfiguration
internal import Glibc
internal import LippiAPI

/// `lippi-bridge run`: a configuration without fault, then the worker.
enum RunCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do throws(ConfigurationRefusal) {
      let configuration = try configuration(
        file: arguments.value(of: "--config"), settings: arguments.values(of: "--set"))
      return runWorker(configuration)
    } catch {
      StandardError.write(summary(of: error))
      return .configuration
    }
  }

  private static func configuration(
    file path: String?, settings: [String]
  ) throws(ConfigurationRefusal) -> Configuration {
    let environment = ProcessEnvironment.variables()
    let file = try ConfigurationFile.find(named: path, environment: environment)
    return try Configuration.read(
      ConfigurationSources(
        file: file, environment: environment, settings: settings, hostName: ProcessEnvironment.hostName()),
      ruleCheck: RuleTable.faults)
  }

  private static func summary(of refusal: ConfigurationRefusal) -> String {
    let count = refusal.problems.count
    return "\(refusal)\nlippi-bridge: \(count) \(count == 1 ? "fault" : "faults") in the configuration\n"
  }
}

/// What the operating system says about this process.
enum ProcessEnvironment {
  static func variables() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      next += 1
    }
    return variables
  }

  /// Empty if this host has no name.
  static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 257)
    // One byte less than there is room: a cut name still has its end.
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }
}
