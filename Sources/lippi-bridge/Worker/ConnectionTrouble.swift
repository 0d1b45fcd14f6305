internal import BridgeCore
internal import BridgeHTTP
internal import BridgeOps

/// Says in the log that the gateway is not reached, looking once a second.
struct ConnectionTrouble {
  private static let lookInterval = TimeSpan.seconds(1)

  private var lookedAt = MonotonicTime(microseconds: 0)
  private var knownFailureCount: Int64 = 0

  mutating func look(at gateway: borrowing GatewayConnections, _ now: Moment, _ log: WorkerLog) {
    guard now.monotonic - lookedAt >= Self.lookInterval else { return }
    lookedAt = now.monotonic
    let statistics = gateway.statistics
    guard statistics.connectFailureCount > knownFailureCount else { return }
    knownFailureCount = statistics.connectFailureCount
    log.writeLimited(
      "connect", .warning, "gateway not reached",
      [
        (.detail, .text(statistics.lastConnectError ?? "")),
        (.nextStep, .text("Nothing is failed; events wait. Check gateway.url, the network and the gateway.")),
      ])
  }
}
