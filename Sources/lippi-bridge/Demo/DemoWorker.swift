internal import BridgeConfiguration
internal import BridgeCore
internal import Dispatch
internal import Synchronization

/// The worker on a thread of its own.
final class DemoWorker: Sendable {
  private let stopRequest: StopRequests
  private let ended = DispatchSemaphore(value: 0)
  private let exitCode = Mutex<ExitCode?>(nil)
  private let listens = DispatchSemaphore(value: 0)
  private let address = Mutex<String?>(nil)

  init(_ configuration: Configuration) throws(FatalFault) {
    stopRequest = try StopRequests.byThread()
    DispatchQueue(label: "worker").async { [self] in
      let code = runWorker(
        configuration, until: stopRequest,
        listening: { [self] address in
          self.address.withLock { $0 = address }
          listens.signal()
        })
      exitCode.withLock { $0 = code }
      ended.signal()
    }
  }

  /// Where its admin port listens; nil if it does not in time.
  func adminAddress(within limit: TimeSpan) -> String? {
    _ = listens.wait(timeout: .now() + .milliseconds(Int(limit.milliseconds)))
    return address.withLock { $0 }
  }

  var hasEnded: Bool { exitCode.withLock { $0 != nil } }

  /// The worker's exit code; `drainMissed` if it does not end.
  func stop(within limit: TimeSpan) -> ExitCode {
    stopRequest.raise()
    guard ended.wait(timeout: .now() + .milliseconds(Int(limit.milliseconds))) == .success else {
      return .drainMissed
    }
    return exitCode.withLock { $0 } ?? .drainMissed
  }
}
