internal import BridgeConfiguration

/// Binds the ports to Kafka and the gateway and runs the worker until it is told to stop.
///
/// TO BE REPLACED: nothing is bound yet.
func runWorker(_ configuration: Configuration) -> ExitCode {
  StandardError.write("lippi-bridge run: the worker is not part of this build\n")
  return .loopSilent
}
