internal import BridgeConfiguration
internal import Glibc

/// `lippi-bridge run`: a configuration without fault, then the worker.
enum RunCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do throws(ConfigurationRefusal) {
      return runWorker(try ConfigurationReading.read(arguments))
    } catch {
      StandardError.write(error.report)
      return .configuration
    }
  }
}

extension ConfigurationRefusal {
  /// All faults, a line each, and how many there are.
  var report: String {
    "\(self)\nlippi-bridge: \(problems.count) \(problems.count == 1 ? "fault" : "faults") in the configuration\n"
  }
}

/// What the operating system says about this process.
enum ProcessEnvironment {
  /// What the configuration is made of.
  static func sources(
    file path: String?, settings: [String]
  ) throws(ConfigurationRefusal) -> ConfigurationSources {
    let environment = variables()
    return ConfigurationSources(
      file: try ConfigurationFile.find(named: path, environment: environment), environment: environment,
      settings: settings, hostName: hostName(), checks: .all)
  }

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
