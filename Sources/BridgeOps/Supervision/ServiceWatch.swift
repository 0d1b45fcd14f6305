package import BridgeCore

/// What a supervisor like systemd asks of the process it has started, by its environment.
package struct ServiceWatch: Sendable, Equatable {
  /// Where it listens; nil: nobody does.
  package let socketName: String?
  /// How often it wants a sign of life at least; nil: never.
  package let signInterval: TimeSpan?

  /// - Parameters:
  ///   - value: of a variable of the environment.
  ///   - process: this one's id.
  package init(processID process: Int32, value: (String) -> String?) {
    let name = value("NOTIFY_SOCKET") ?? ""
    socketName = name.isEmpty ? nil : name
    // Variables are inherited: with another process id they are meant for a parent.
    let isMeant = value("WATCHDOG_PID").map { $0 == "\(process)" } ?? true
    let microseconds = value("WATCHDOG_USEC").flatMap(Int64.init) ?? 0
    signInterval =
      socketName != nil && isMeant && microseconds > 0
      ? TimeSpan(microseconds: max(1, microseconds / 2)) : nil
  }
}
