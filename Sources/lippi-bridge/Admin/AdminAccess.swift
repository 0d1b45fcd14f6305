internal import BridgeConfiguration
internal import Glibc

/// Where a command finds a worker's admin port, and the token for it.
enum AdminAccess {
  static let url = CommandOption(
    name: "--url", form: .value("URL"),
    summary:
      "the worker's admin address, http://127.0.0.1:9464 say; without it admin.listen of the configuration")
  static let tokenFile = CommandOption(
    name: "--token-file", form: .value("FILE"),
    summary: "a file with the token; without it LIPPI_BRIDGE_ADMIN_TOKEN or the configuration")

  static func client(_ arguments: CommandArguments) throws -> AdminClient {
    if let given = arguments.value(of: url.name) { return try AdminClient(url: given) }
    let configuration = try ConfigurationReading.read(arguments)
    guard let listen = configuration.admin.listen else {
      throw AdminClient.Fault(sentence: "admin.listen is off: there is nothing to ask; or give --url")
    }
    guard listen.port > 0 else {
      throw AdminClient.Fault(
        sentence:
          "admin.listen has port 0: give --url with the address of the worker's log line \"listening\"")
    }
    let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][listen.host] ?? listen.host
    return try AdminClient(url: "http://\(host.contains(":") ? "[\(host)]" : host):\(listen.port)")
  }

  static func token(_ arguments: CommandArguments) throws -> String {
    if let path = arguments.value(of: tokenFile.name) { return try Secret.read(path).reveal() }
    if let token = ProcessEnvironment.variables()["LIPPI_BRIDGE_ADMIN_TOKEN"], !token.isEmpty { return token }
    if !arguments.isSet(url.name) || ConfigurationReading.isAskedFor(arguments),
      let token = try ConfigurationReading.read(arguments).admin.token
    {
      return token.reveal()
    }
    throw UsageFault(
      sentence:
        "a token is needed: \(tokenFile.name), LIPPI_BRIDGE_ADMIN_TOKEN, or admin.token_file of the configuration"
    )
  }

  /// Writes what went wrong, and says how the program ends.
  static func report(_ error: any Error, of command: Command) -> ExitCode {
    switch error {
    case let fault as AdminClient.Fault:
      StandardError.write("lippi-bridge \(command.name): \(fault.sentence)\n")
      return .brokerUnreachable
    case let fault as FileFault:
      StandardError.write("lippi-bridge \(command.name): \(AdminAccess.tokenFile.name): \(fault)\n")
      return .noInput
    default: return CommandFailure.report(error, of: command)
    }
  }
}
