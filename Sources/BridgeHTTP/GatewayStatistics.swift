package import BridgeCore

/// What gateway connections are and have done, for metrics and health.
package struct GatewayStatistics: Sendable {
  /// Connected, idle and busy ones.
  package var openCount = 0
  package var connectingCount = 0
  /// Idle ones that could take a request.
  package var readyCount = 0
  /// Since the start: connects that succeeded, and that failed.
  package var connectCount: Int64 = 0
  package var connectFailureCount: Int64 = 0
  /// Idle connections given up because the gateway closed them or sent something nobody asked for.
  package var idleLossCount: Int64 = 0
  /// Attempts by their ending.
  package var answeredCount: Int64 = 0
  package var notSentCount: Int64 = 0
  package var unansweredCount: Int64 = 0
  /// What libcurl said about the last connect that failed; nil once one has succeeded.
  package var lastConnectError: String?

  package init() {}
}

extension GatewayConnections {
  package var standing: GatewayStanding {
    let statistics = statistics
    var standing = GatewayStanding()
    standing.openCount = statistics.openCount
    standing.isUnreachable = statistics.openCount == 0 && statistics.lastConnectError != nil
    return standing
  }
}
