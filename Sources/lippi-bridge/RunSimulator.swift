/// Runs the gateway simulator until SIGTERM or SIGINT.
///
/// TO BE REPLACED: the simulator is not bound yet.
func runSimulator(_ request: SimulatorRequest) -> ExitCode {
  StandardError.write("lippi-bridge simulator: the simulator is not part of this build\n")
  return .loopSilent
}
