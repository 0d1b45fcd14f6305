internal import BridgeConfiguration
internal import BridgeCore

/// Why a command ended before its work was done, told to a person.
enum CommandFailure {
  /// Writes what went wrong, and says how the program ends.
  static func report(_ error: any Error, of command: Command) -> ExitCode {
    switch error {
    case let refusal as ConfigurationRefusal:
      StandardError.write(refusal.report)
      return .configuration
    case let fault as UsageFault:
      StandardError.write("lippi-bridge \(command.name): \(fault.sentence)\n")
      return .usage
    case let fault as FatalFault:
      StandardError.write("lippi-bridge \(command.name): \(fault.message)\n")
      return fault.exitCode
    default:
      StandardError.write("lippi-bridge \(command.name): \(error)\n")
      return .configuration
    }
  }
}
