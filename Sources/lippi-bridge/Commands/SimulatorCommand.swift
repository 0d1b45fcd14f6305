internal import BridgeConfiguration

/// What `lippi-bridge simulator` was asked for.
struct SimulatorRequest {
  var address = "127.0.0.1"
  /// 0 takes a free one.
  var port: UInt16 = 0
  var appKey = "12345678"
  var appSecret = "helloworld"
  /// The token that every request has to bring; nil asks for none.
  var session: String?
  /// IPv4 addresses; nil allows every one.
  var allowedClients: [String]?
  var permitsMethod = true
  var deduplicates = false
  /// Paths of certificate and key; nil speaks plain HTTP.
  var tls: (certificate: String, key: String)?
  /// How far its clock is ahead of this machine's.
  var clockOffsetSeconds: Int64 = 0
  var latencyMilliseconds: Int64 = 0
  var logPath: String?
  var seed: UInt64 = 0

  static let latencyLimitMilliseconds: Int64 = 3_600_000
  static let clockOffsetLimitSeconds: Int64 = 86_400
}

/// `lippi-bridge simulator`: reads its options and starts the simulator.
enum SimulatorCommand {
  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do throws(SimulatorFault) {
      return runSimulator(try request(arguments))
    } catch {
      StandardError.write("lippi-bridge simulator: \(error.sentence)\n")
      return error.exitCode
    }
  }

  private struct SimulatorFault: Error {
    var sentence: String
    var exitCode = ExitCode.usage
  }

  private static func request(_ arguments: CommandArguments) throws(SimulatorFault) -> SimulatorRequest {
    var request = SimulatorRequest()
    if let text = arguments.value(of: "--listen") {
      guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
        let port = UInt16(text[text.index(after: colon)...])
      else { throw SimulatorFault(sentence: "--listen \(text) is not written as ADDRESS:PORT") }
      request.address = String(text[..<colon])
      request.port = port
    }
    if let appKey = arguments.value(of: "--app-key") { request.appKey = appKey }
    if let secret = try secret(arguments, "--app-secret-file") { request.appSecret = secret }
    request.session = try secret(arguments, "--session-file")
    let clients = arguments.values(of: "--allow-client")
    request.allowedClients = clients.isEmpty ? nil : clients
    request.permitsMethod = !arguments.isSet("--without-permission")
    request.deduplicates = arguments.isSet("--deduplicate")
    request.tls = try tls(arguments)
    if let text = arguments.value(of: "--latency") {
      let allowed = 0...SimulatorRequest.latencyLimitMilliseconds
      guard let latency = Int64(text), allowed.contains(latency) else {
        throw SimulatorFault(
          sentence: "--latency \(text) is no number of milliseconds from 0 to \(allowed.upperBound)")
      }
      request.latencyMilliseconds = latency
    }
    if let text = arguments.value(of: "--clock-offset") {
      let limit = SimulatorRequest.clockOffsetLimitSeconds
      guard let offset = Int64(text), (-limit...limit).contains(offset) else {
        throw SimulatorFault(
          sentence: "--clock-offset \(text) is no number of seconds from \(-limit) to \(limit)")
      }
      request.clockOffsetSeconds = offset
    }
    request.logPath = arguments.value(of: "--log")
    if let text = arguments.value(of: "--seed") {
      guard let seed = UInt64(text) else {
        throw SimulatorFault(sentence: "--seed \(text) is no whole number from 0")
      }
      request.seed = seed
    }
    return request
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
  ) throws(SimulatorFault) -> (certificate: String, key: String)? {
    switch (arguments.value(of: "--tls-cert"), arguments.value(of: "--tls-key")) {
    case (let certificate?, let key?): return (certificate, key)
    case (nil, nil): return nil
    case (_?, nil): throw SimulatorFault(sentence: "--tls-cert needs --tls-key beside it")
    case (nil, _?): throw SimulatorFault(sentence: "--tls-key needs --tls-cert beside it")
    }
  }
}
