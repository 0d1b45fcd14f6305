internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import BridgeOps
internal import BridgeRuntime
internal import LippiAPI

/// What makes the worker visible from outside: the board with the loop's snapshots and the admin server beside it.
struct WorkerSight {
  /// Between two snapshots at least, and at most.
  private static let interval = TimeSpan.milliseconds(250)
  private static let longestInterval = TimeSpan.seconds(2)
  /// So much longer than a snapshot takes is the wait for the next: with a full window it goes through thousands of
  /// records, and half a percent of the loop is enough for it.
  private static let restShare: Int64 = 200

  let requests: OperatorRequests
  private let board: SnapshotBoard
  private let routes: AdminRoutes
  private let server: AdminServer?
  private let status: StatusReporter?
  private var nextAt = MonotonicTime(microseconds: 0)
  private var hasWarnedOfKeys = false

  /// Serves at once: a port that is taken ends the start before anything is joined.
  init(_ configuration: Configuration, _ log: WorkerLog) throws(FatalFault) {
    let requests = try OperatorRequests()
    let board = SnapshotBoard()
    let identity = WorkerIdentity(configuration)
    let stalledAfter = TimeSpan.milliseconds(configuration.stalledAfterMilliseconds)
    let status = try StatusReporter(configuration, board, identity)
    let dropped = log.droppedLineCounter
    let routes = AdminRoutes(
      board: board, identity: identity, stalledAfter: stalledAfter,
      token: configuration.admin.token?.reveal(),
      clock: { WorkerClock.now() }, droppedLineCount: dropped,
      droppedStatusCount: { status?.droppedCount ?? 0 }, request: { requests.post($0) })
    self.requests = requests
    self.board = board
    self.routes = routes
    self.status = status
    server = try configuration.admin.listen.map { setting throws(FatalFault) in
      try AdminServer(ListenAddress(host: setting.host, port: setting.port), routes)
    }
    if let server { log.write(.info, "listening", [(.address, .text(server.address))]) }
    if configuration.admin.listen != nil, configuration.admin.token == nil {
      log.write(
        .warning, "pause and resume are off, and so is the brake",
        [
          (
            .nextStep,
            .text(
              "Set admin.token_file or LIPPI_BRIDGE_ADMIN_TOKEN to be able to stop the line, and to release the brake."
            )
          )
        ])
    }
  }

  /// The line may have been asked to stop or to go on; then everybody sees how it stands.
  mutating func look(at loop: WorkerLoop, isAsked: Bool, _ now: Moment, _ log: WorkerLog) {
    let asked = isAsked ? requests.take() : []
    for request in asked {
      switch request {
      case .pause(let reason): loop.pause(reason: reason, at: now)
      case .resume: loop.resume(at: now)
      }
    }
    guard !asked.isEmpty || now.monotonic >= nextAt else { return }
    let begun = WorkerClock.now().monotonic
    board.publish(loop.snapshot(at: now))
    let rest = TimeSpan(microseconds: (WorkerClock.now().monotonic - begun).microseconds * Self.restShare)
    nextAt = now.monotonic + min(max(Self.interval, rest), Self.longestInterval)
    guard !hasWarnedOfKeys, loop.tally.keyMismatchCount > 0 else { return }
    hasWarnedOfKeys = true
    log.write(
      .warning, "an event's key is not its sid",
      [
        (
          .nextStep,
          .text("Its lane is the sid; events of one sid with different keys may lie in different partitions.")
        )
      ])
  }

  /// Of the admin port.
  var address: String? { server?.address }

  func replaceToken(_ token: String) { routes.replaceToken(token) }

  func endServing() { server?.stop() }

  /// The last state is told; then nothing is served any more.
  func stop(_ code: ExitCode) {
    status?.stop(exitCode: code.rawValue)
    endServing()
  }
}

extension WorkerIdentity {
  init(_ configuration: Configuration) {
    self.init(
      instance: configuration.kafka.instance, version: bridgeVersion, librdkafka: LinkedLibrdkafka.version,
      rules: RuleTable(configured: configuration.gateway.rules).version)
  }
}
