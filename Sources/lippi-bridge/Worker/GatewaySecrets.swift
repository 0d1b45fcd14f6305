internal import BridgeConfiguration
internal import BridgeOps
internal import LippiAPI

/// The secrets of the gateway, read again while the line is halted: a rotation needs no restart.
struct GatewaySecrets {
  private var configuration: Configuration

  init(_ configuration: Configuration) { self.configuration = configuration }

  /// Settings with other secrets than before; nil if they have not changed or cannot be read.
  mutating func readAgain(_ log: WorkerLog) -> GatewaySettings? {
    do throws(FileFault) {
      let secret = try configuration.gateway.appSecret.readAgain()
      let session = try configuration.gateway.session?.readAgain()
      guard secret != configuration.gateway.appSecret || session != configuration.gateway.session else {
        return nil
      }
      configuration.gateway.appSecret = secret
      configuration.gateway.session = session
      log.write(.info, "secrets read again")
      return configuration.gatewaySettings
    } catch {
      log.writeLimited("secret \(error)", .warning, "secret cannot be read", [(.detail, .text("\(error)"))])
      return nil
    }
  }
}
