internal import BridgeConfiguration
internal import GatewaySimulator

/// `lippi-bridge simulator`: reads its options and starts the simulator.
enum SimulatorCommand {
  private static let latencyLimitMilliseconds: Int64 = 3_600_000
  private static let clockOffsetLimitSeconds: Int64 = 86_400

  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do throws(SimulatorFault) {
      return runSimulator(try options(arguments))
    } catch {
      StandardError.write("lippi-bridge simulator: \(error.sentence)\n")
      return error.exitCode
    }
  }

  private struct SimulatorFault: Error {
    var sentence: String
    var exitCode = ExitCode.usage
  }

  private static func options(_ arguments: CommandArguments) throws(SimulatorFault) -> SimulatorOptions {
    var options = SimulatorOptions()
    if let text = arguments.value(of: "--listen") {
      guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
        let port = UInt16(text[text.index(after: colon)...])
      else { throw SimulatorFault(sentence: "--listen \(text) is not written as ADDRESS:PORT") }
      options.address = String(text[..<colon])
      options.port = port
    }
    if let appKey = arguments.value(of: "--app-key") { options.appKey = appKey }
    if let secret = try secret(arguments, "--app-secret-file") { options.secret = secret }
    options.session = try secret(arguments, "--session-file")
    let clients = arguments.values(of: "--allow-client")
    options.allowedClients = clients.isEmpty ? nil : clients
    options.permitsMethod = !arguments.isSet("--without-permission")
    options.deduplicates = arguments.isSet("--deduplicate")
    options.tls = try tls(arguments)
    if let text = arguments.value(of: "--latency") {
      let allowed = 0...latencyLimitMilliseconds
      guard let latency = Int64(text), allowed.contains(latency) else {
        throw SimulatorFault(
          sentence: "--latency \(text) is no number of milliseconds from 0 to \(allowed.upperBound)")
      }
      options.latencyMilliseconds = latency
    }
    if let text = arguments.value(of: "--clock-offset") {
      let limit = clockOffsetLimitSeconds
      guard let offset = Int64(text), (-limit...limit).contains(offset) else {
        throw SimulatorFault(
          sentence: "--clock-offset \(text) is no number of seconds from \(-limit) to \(limit)")
      }
      options.clockOffsetSeconds = offset
    }
    options.logPath = arguments.value(of: "--log")
    if let text = arguments.value(of: "--seed") {
      guard let seed = UInt64(text) else {
        throw SimulatorFault(sentence: "--seed \(text) is no whole number from 0")
      }
      options.seed = seed
    }
    return options
  }

  private static func secret(
    _ arguments: CommandArguments, _ option: String
  ) throws(SimulatorFault) -> String? {
    guard let path = arguments.value(of: option) else { return nil }
    do { return try Secret.read(path).reveal() } catch {
      throw SimulatorFault(sentence: "\(option): the file \(error)", exitCode: .noInput)
    }
  }

  private static func tls(
    _ arguments: CommandArguments
  ) throws(SimulatorFault) -> SimulatorOptions.TLSFiles? {
    switch (arguments.value(of: "--tls-cert"), arguments.value(of: "--tls-key")) {
    case (let certificate?, let key?): return .init(certificate: certificate, key: key)
    case (nil, nil): return nil
    case (_?, nil): throw SimulatorFault(sentence: "--tls-cert needs --tls-key beside it")
    case (nil, _?): throw SimulatorFault(sentence: "--tls-key needs --tls-cert beside it")
    }
  }
}
