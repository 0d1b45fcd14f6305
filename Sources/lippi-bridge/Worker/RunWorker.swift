internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeHTTP
internal import BridgeKafka
internal import BridgeOps
internal import BridgeRuntime
internal import LippiAPI

/// Runs the worker until a signal ends it, or it cannot go on.
func runWorker(_ configuration: Configuration) -> ExitCode {
  do throws(FatalFault) {
    return runWorker(configuration, until: try StopRequests.signals()) { ServiceNotices(environment: $0) }
  } catch {
    StandardError.write("lippi-bridge run: \(error.message)\n")
    return error.exitCode
  }
}

/// Runs the worker until it is asked to stop, or cannot go on. It is the process's own affair whether a supervisor is
/// told. `listening`: is told the address of the admin port.
func runWorker(
  _ configuration: Configuration, until stop: borrowing StopRequests,
  telling supervisor: (WorkerLog) -> ServiceNotices = { _ in ServiceNotices() },
  listening: (String) -> Void = { _ in }
) -> ExitCode {
  let log = configuration.makeLog()
  let workerLog = WorkerLog(log, advice: UndecidedAdvice(configurationFile: configuration.filePath))
  defer { log.flush(atMost: .seconds(2)) }
  do throws(FatalFault) {
    let watchdog = Watchdog(log, startLimit: Worker.startLimit(configuration))
    return try Worker(configuration, workerLog, watchdog, supervisor(workerLog)).run(
      until: stop, listening: listening)
  } catch {
    let code = error.exitCode
    workerLog.write(
      .error, "stopped", [(.fault, .text(error.message)), (.exitCode, .integer(Int64(code.rawValue)))])
    return code
  }
}

/// One life of the worker: makes the ports, turns the loop, closes everything.
struct Worker {
  /// The longest wait between two turns: an idle member polls this often to stay one.
  private static let longestWait = TimeSpan.seconds(1)

  /// Topics, rights and the transactional id are each waited for as long as `kafka.startup_timeout` says.
  static func startLimit(_ configuration: Configuration) -> TimeSpan {
    .milliseconds(3 * configuration.kafka.startupTimeoutMilliseconds)
  }

  private let configuration: Configuration
  private let log: WorkerLog
  private let watchdog: Watchdog
  private let supervisor: ServiceNotices

  init(
    _ configuration: Configuration, _ log: WorkerLog, _ watchdog: Watchdog, _ supervisor: ServiceNotices
  ) {
    self.configuration = configuration
    self.log = log
    self.watchdog = watchdog
    self.supervisor = supervisor
  }

  func run(
    until stop: borrowing StopRequests, listening: (String) -> Void
  ) throws(FatalFault) -> ExitCode {
    try OpenFileLimit.raise(forConnections: configuration.gateway.concurrency)
    var sight = try WorkerSight(configuration, log)
    let server = sight
    // Also when the start fails: no request is under way any more when the server goes.
    defer { server.endServing() }
    if let address = sight.address { listening(address) }
    let settings = configuration.kafkaSettings
    let notices = KafkaNotices()
    let counts = try settings.verifyTopics(timeout: settings.startupTimeout, notices: notices)
    let membership = try GroupMembership()
    var committer = try KafkaCommitter(
      settings, membership: membership, notices: notices, tokenOf: { RecoveryLogCodec.token(of: $0) })
    // Before the group is joined: it ends a transaction that a predecessor left open.
    try committer.prepare(timeout: settings.startupTimeout)
    var intake = try KafkaIntake(
      settings, partitionCount: counts.input, membership: membership, notices: notices)
    let gateway = try makeConnections()
    let readiness = try Readiness()
    readiness.watch(stop.descriptor, as: .stop)
    readiness.watch(sight.requests.descriptor, as: .operators)
    readiness.watch(intake.descriptor, as: .membership)
    readiness.watch(intake.recordsDescriptor, as: .records)
    readiness.watch(committer.descriptor, as: .committer)
    readiness.watch(gateway.descriptor, as: .gateway)
    try intake.subscribe()
    let loop = makeLoop(consume intake, consume gateway, consume committer, counts)
    logStart(counts)
    turn(loop, until: stop, readiness, notices, &sight)
    return close(loop, sight)
  }

  private func turn(
    _ loop: WorkerLoop, until stop: borrowing StopRequests, _ readiness: borrowing Readiness,
    _ notices: KafkaNotices, _ sight: inout WorkerSight
  ) {
    var requestCount = 0
    var secrets = GatewaySecrets(configuration)
    var trouble = ConnectionTrouble()
    var summary = MinuteSummary(at: WorkerClock.now())
    var ready = Readiness.Sources.all
    while loop.ending == nil {
      let now = WorkerClock.now()
      log.now = now
      watchdog.turned(at: now, committerSign: loop.committing.lastSignAt)
      log.writeOverdue()
      let asked = ready.contains(.stop) ? stop.take() : StopRequests.Taken()
      if asked.stopCount > 0 {
        requestCount += asked.stopCount
        log.write(.info, "stopping")
        supervisor.stopping()
        loop.stop(at: now)
        if requestCount > 1 { return }
      }
      if let settings = secrets.fresh(
        at: now, isAskedFor: asked.wantsRereading, isProbing: loop.wantsFreshSecrets(at: now), log)
      {
        loop.replaceRequests(RequestEncoder(settings: settings))
      }
      if let token = secrets.takeFreshAdminToken() { sight.replaceToken(token) }
      loop.intake.isQuiet = !ready.contains(.membership)
      loop.intake.hasNoArrivals = !ready.contains(.records)
      loop.gateway.isQuiet = !ready.contains(.gateway)
      loop.turn(at: now)
      supervisor.turned(at: now, loop)
      sight.look(at: loop, isAsked: ready.contains(.operators), now, log)
      trouble.look(at: loop.gateway, now, log)
      summary.look(at: loop, now, log)
      while let notice = notices.next() { log.write(notice) }
      guard loop.ending == nil else { return }
      let wake = loop.nextWake(at: now).map { $0 - now.monotonic } ?? Self.longestWait
      ready = readiness.wait(atMost: min(wake, Self.longestWait, supervisor.longestWait))
    }
  }

  private func close(_ loop: WorkerLoop, _ sight: WorkerSight) -> ExitCode {
    let now = WorkerClock.now()
    log.now = now
    watchdog.closing(at: now)
    supervisor.stopping()
    let code: ExitCode =
      switch loop.ending {
      case .stopped: .success
      // Nil: asked a second time.
      case .drainMissed, nil: .drainMissed
      case .failed(let fault): fault.exitCode
      }
    log.writeHeldBack()
    if case .failed(let fault) = loop.ending {
      log.write(
        .error, "stopped", [(.fault, .text(fault.message)), (.exitCode, .integer(Int64(code.rawValue)))])
    } else {
      _ = loop.committing.stop(deadline: now.monotonic + .seconds(3))
      log.write(.info, "stopped", [(.exitCode, .integer(Int64(code.rawValue)))])
    }
    sight.stop(code)
    return code
  }

  // MARK: Making

  private func makeConnections() throws(FatalFault) -> GatewayConnections {
    do throws(GatewayConnectionFault) {
      return try GatewayConnections(settings: configuration.connectionSettings)
    } catch {
      throw FatalFault(.configuration, "gateway: \(error)")
    }
  }

  private func makeLoop(
    _ intake: consuming KafkaIntake, _ gateway: consuming GatewayConnections,
    _ committer: consuming KafkaCommitter, _ counts: TopicCounts
  ) -> WorkerLoop {
    let log = log
    return WorkerLoop(
      intake: intake, gateway: gateway, committing: committer,
      engine: DeliveryEngine(
        settings: configuration.deliverySettings(counts),
        seed: .random(in: 0 ... .max), processToken: .random(in: 0 ... .max)),
      path: configuration.recordPath(), drainLimit: .milliseconds(configuration.shutdown.drainMilliseconds),
      finalCommitLimit: .seconds(8), notify: { log.write($0) })
  }

  private func logStart(_ counts: TopicCounts) {
    log.now = WorkerClock.now()
    if configuration.breaker.failuresInARow >= configuration.retry.attemptLimit {
      log.write(
        .warning, "events may be failed while the gateway is away",
        [
          (
            .nextStep,
            .text("Set breaker.failures_in_a_row below retry.attempts, so that the breaker opens before.")
          )
        ])
    }
    log.write(
      .info, "started",
      [
        (.version, .text(bridgeVersion)), (.group, .text(configuration.kafka.groupID)),
        (.instance, .text(configuration.kafka.instance)), (.topic, .text(configuration.input.topic)),
        (.partitions, .integer(Int64(counts.input))), (.url, .text(configuration.gateway.url)),
        (.limit, .integer(Int64(configuration.gateway.concurrency))),
        (.mode, .text(configuration.outcomes.delivery.rawValue)),
      ])
  }
}

extension FatalFault {
  var exitCode: ExitCode {
    switch kind {
    case .brokerUnreachable: .brokerUnreachable
    case .configuration: .configuration
    case .identityInUse: .fenced
    case .accessDenied: .permissionDenied
    case .stuck: .transactionStuck
    }
  }
}
