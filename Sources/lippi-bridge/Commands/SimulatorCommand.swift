/// `lippi-bridge simulator`.
enum SimulatorCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    .usage
  }
}
