internal import GatewaySimulator
internal import Glibc

/// Runs the gateway simulator until SIGTERM or SIGINT.
func runSimulator(_ options: SimulatorOptions) -> ExitCode {
  do throws(SimulatorError) {
    try GatewaySimulator.serve(options: options)
    return .success
  } catch {
    StandardError.write("lippi-bridge simulator: \(error.sentence)\n")
    return .configuration
  }
}

extension SimulatorError {
  fileprivate var sentence: String {
    switch self {
    case .addressUnreadable(let address):
      "\(address) is no IPv4 address in dotted form"
    case .addressUnavailable(let address, let code):
      "cannot listen on \(address): \(Self.text(code)); --listen \(address):0 takes a free port"
    case .logUnwritable(let path, let code):
      "cannot write --log \(path): \(Self.text(code))"
    case .certificateUnusable(let path, let reason):
      "--tls-cert \(path) holds no certificate in PEM form that can be used: \(reason)"
    case .keyUnusable(let path, let reason):
      "--tls-key \(path) holds no key in PEM form that goes with the certificate: \(reason)"
    case .tlsUnavailable(let reason):
      "OpenSSL offers no TLS: \(reason)"
    case .noDescriptor(let code):
      "cannot open a socket: \(Self.text(code))"
    case .noThread(let code):
      "cannot start a thread: \(Self.text(code))"
    }
  }

  private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
