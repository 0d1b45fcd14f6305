internal import BridgeConfiguration
internal import Glibc

/// `lippi-bridge run`: a configuration without fault, then the worker.
enum RunCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do throws(ConfigurationRefusal) {
      return runWorker(try ConfigurationReading.read(arguments))
    } catch {
      StandardError.write(ConfigurationReading.summary(of: error))
      return .configuration
    }
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
