internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeOps
internal import LippiAPI

/// The secrets of the gateway, read again on request, before a probe of a halted line, and when their files have
/// changed: a rotation needs no restart. Those of Kafka are only watched: its clients keep what they started with.
struct GatewaySecrets {
  enum Occasion: String {
    case signal
    case probe
    case fileChanged = "file changed"
  }

  /// Between two looks at the files.
  private static let lookInterval = TimeSpan.seconds(1)

  private var configuration: Configuration
  private var lookedAt = MonotonicTime(microseconds: 0)
  /// By path, as they were when the secrets were last read. Nil at first: since the configuration was read the start
  /// has taken its time, so the first look reads, whatever the stamps are.
  private var stamps: [String: FileStamp]?
  private var freshAdminToken: String?

  init(_ configuration: Configuration) { self.configuration = configuration }

  /// Settings with other secrets than before; nil if there is no occasion, or nothing has changed.
  mutating func fresh(
    at now: Moment, isAskedFor: Bool, isProbing: Bool, _ log: WorkerLog
  ) -> GatewaySettings? {
    if isAskedFor { return readAgain(.signal, log) }
    if isProbing { return readAgain(.probe, log) }
    guard now.monotonic - lookedAt >= Self.lookInterval else { return nil }
    lookedAt = now.monotonic
    return configuration.secretStamps == stamps ? nil : readAgain(.fileChanged, log)
  }

  private mutating func readAgain(_ occasion: Occasion, _ log: WorkerLog) -> GatewaySettings? {
    // Before the content: a write that comes in between is seen at the next look.
    let stampsNow = configuration.secretStamps
    do throws(FileFault) {
      let secret = try configuration.gateway.appSecret.readAgain()
      let session = try configuration.gateway.session?.readAgain()
      try watchKafka(log)
      try rereadAdminToken(log)
      stamps = stampsNow
      guard secret != configuration.gateway.appSecret || session != configuration.gateway.session else {
        if occasion == .signal { log.write(.info, "secrets unchanged") }
        return nil
      }
      configuration.gateway.appSecret = secret
      configuration.gateway.session = session
      log.write(.info, "secrets read again", [(.reason, .text(occasion.rawValue))])
      return configuration.gatewaySettings
    } catch {
      // The stamps stay as they are: the next look tries again.
      log.writeLimited(
        "secret \(error)", .warning, "secret cannot be read",
        [(.detail, .text("\(error)")), (.nextStep, .text("The one read before stays in use."))])
      return nil
    }
  }

  /// The token of the admin port, once after it has changed.
  mutating func takeFreshAdminToken() -> String? {
    defer { freshAdminToken = nil }
    return freshAdminToken
  }

  private mutating func rereadAdminToken(_ log: WorkerLog) throws(FileFault) {
    guard let token = try configuration.admin.token?.readAgain(), token != configuration.admin.token else {
      return
    }
    configuration.admin.token = token
    freshAdminToken = token.reveal()
    log.write(.info, "admin token read again")
  }

  private mutating func watchKafka(_ log: WorkerLog) throws(FileFault) {
    let saslPassword = try configuration.kafka.saslPassword?.readAgain()
    let sslKeyPassword = try configuration.kafka.sslKeyPassword?.readAgain()
    guard
      saslPassword != configuration.kafka.saslPassword || sslKeyPassword != configuration.kafka.sslKeyPassword
    else { return }
    configuration.kafka.saslPassword = saslPassword
    configuration.kafka.sslKeyPassword = sslKeyPassword
    log.write(
      .warning, "Kafka password changed",
      [(.nextStep, .text("Restart the worker: until then its clients use the one they started with."))])
  }
}

extension Configuration {
  /// Of the files that secrets were read from, as far as they are there.
  fileprivate var secretStamps: [String: FileStamp] {
    let secrets = [gateway.appSecret, gateway.session, kafka.saslPassword, kafka.sslKeyPassword, admin.token]
    var stamps: [String: FileStamp] = [:]
    for secret in secrets {
      guard case .file(let path) = secret?.source else { continue }
      stamps[path] = FileStamp(of: path)
    }
    return stamps
  }
}
