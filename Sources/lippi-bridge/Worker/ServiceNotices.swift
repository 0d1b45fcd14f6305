internal import BridgeCore
internal import BridgeOps
internal import BridgeRuntime
internal import Glibc

/// Tells the supervisor that started the process how the worker is: ready, alive, stopping, and in a line what it does.
/// Without a supervisor it does nothing.
final class ServiceNotices {
  /// Between two looks at what the worker does, when no sign of life is wanted more often.
  private static let statusInterval = TimeSpan.seconds(10)

  private enum Stage {
    case starting
    case working
    case stopping
  }

  private let socket: NotifySocket?
  /// How long the loop may sleep, so that signs of life come in time.
  let longestWait: TimeSpan
  private var stage = Stage.starting
  private var signAt = MonotonicTime(microseconds: 0)
  private var status = ""

  /// Nobody is told.
  init() {
    socket = nil
    longestWait = Self.statusInterval
  }

  /// Whoever the environment names is told.
  init(environment log: WorkerLog) {
    let watch = ServiceWatch(processID: getpid()) { name in getenv(name).map { String(cString: $0) } }
    longestWait = watch.signInterval.map { min($0, Self.statusInterval) } ?? Self.statusInterval
    guard let name = watch.socketName else {
      socket = nil
      return
    }
    do throws(NotifySocketFault) {
      socket = try NotifySocket(name: name)
    } catch {
      socket = nil
      log.write(
        .warning, "supervisor cannot be told",
        [
          (.detail, .text(error.sentence)),
          (
            .nextStep,
            .text("The worker goes on; a unit with Type=notify will end it. Let it reach the socket.")
          ),
        ])
    }
  }

  /// To be called once a turn of the loop and from nowhere else: the sign of life says that the loop turns.
  ///
  /// Ready is the worker with its first turn: topics and rights are verified, a predecessor's transaction has ended
  /// and the group is asked for partitions. Partitions themselves may be minutes away, or never come when the group has
  /// more members than partitions, and waiting for them must not count as a failed start.
  func turned(at now: Moment, _ loop: WorkerLoop) {
    guard socket != nil, stage == .starting || now.monotonic >= signAt else { return }
    var lines: [String] = []
    if stage == .starting { lines.append("READY=1") }
    lines.append("WATCHDOG=1")
    let newStatus = statusText(loop)
    if newStatus != status { lines.append("STATUS=\(newStatus)") }
    // What is not taken is tried again with the next turn.
    guard send(lines) else { return }
    signAt = now.monotonic + longestWait
    status = newStatus
    if stage == .starting { stage = .working }
  }

  /// From now on the worker ends, however long that takes.
  func stopping() {
    guard stage != .stopping else { return }
    stage = .stopping
    _ = send(["STOPPING=1", "STATUS=stopping"])
  }

  private func send(_ lines: [String]) -> Bool {
    switch socket {
    case .some(let socket): socket.send(lines.joined(separator: "\n"))
    case .none: true
    }
  }

  private func statusText(_ loop: WorkerLoop) -> String {
    let load = loop.load
    let counts = "lag \(load.lag), \(load.inFlightCount) in flight, \(load.unresolvedCount) unresolved"
    return switch stage {
    case .starting, .working: "\(load.partitionCount) partitions, \(counts)"
    case .stopping: "stopping, \(counts)"
    }
  }
}
