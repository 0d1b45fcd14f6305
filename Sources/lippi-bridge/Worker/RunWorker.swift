internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeHTTP
internal import BridgeKafka
internal import BridgeOps
internal import BridgeRuntime
internal import Glibc
internal import LippiAPI

/// Runs the worker until a signal ends it, or it cannot go on.
func runWorker(_ configuration: Configuration) -> ExitCode {
  do throws(FatalFault) {
    return runWorker(configuration, until: try StopRequests.signals())
  } catch {
    StandardError.write("lippi-bridge run: \(error.message)\n")
    return error.exitCode
  }
}

/// Runs the worker until it is asked to stop, or cannot go on.
func runWorker(_ configuration: Configuration, until stop: borrowing StopRequests) -> ExitCode {
  let log = configuration.makeLog()
  let workerLog = WorkerLog(log)
  defer { log.flush(atMost: .seconds(2)) }
  do throws(FatalFault) {
    return try Worker(configuration, workerLog, Watchdog(log)).run(until: stop)
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
  /// Files that the process needs beside gateway connections.
  private static let otherOpenFiles: UInt64 = 512

  private let configuration: Configuration
  private let log: WorkerLog
  private let watchdog: Watchdog

  init(_ configuration: Configuration, _ log: WorkerLog, _ watchdog: Watchdog) {
    self.configuration = configuration
    self.log = log
    self.watchdog = watchdog
  }

  func run(until stop: borrowing StopRequests) throws(FatalFault) -> ExitCode {
    try raiseOpenFileLimit()
    let settings = configuration.kafkaSettings
    let counts = try settings.verifyTopics(timeout: settings.startupTimeout)
    let notices = KafkaNotices()
    let membership = try GroupMembership()
    var committer = try KafkaCommitter(
      settings, membership: membership, notices: notices, tokenOf: { RecoveryLogCodec.token(of: $0) })
    // Before the group is joined: it ends a transaction that a predecessor left open.
    try committer.prepare(timeout: settings.startupTimeout)
    var intake = try KafkaIntake(settings, membership: membership, notices: notices)
    let gateway = try makeConnections()
    let readiness = try Readiness()
    for descriptor in [stop.descriptor, intake.descriptor, committer.descriptor, gateway.descriptor] {
      readiness.watch(descriptor)
    }
    try intake.subscribe()
    let loop = makeLoop(consume intake, consume gateway, consume committer, partitionCount: counts.input)
    logStart(counts)
    turn(loop, until: stop, readiness, notices)
    return close(loop)
  }

  private func turn(
    _ loop: WorkerLoop, until stop: borrowing StopRequests, _ readiness: borrowing Readiness,
    _ notices: KafkaNotices
  ) {
    var requestCount = 0
    var secrets = GatewaySecrets(configuration)
    var trouble = ConnectionTrouble()
    while loop.ending == nil {
      let now = WorkerClock.now()
      log.now = now
      watchdog.turned(at: now)
      let newRequests = stop.take()
      if newRequests > 0 {
        requestCount += newRequests
        log.write(.info, "stopping")
        loop.stop(at: now)
        if requestCount > 1 { return }
      }
      if loop.wantsFreshSecrets(at: now), let settings = secrets.readAgain(log) {
        loop.replaceRequests(RequestEncoder(settings: settings))
      }
      loop.turn(at: now)
      trouble.look(at: loop.gateway, now, log)
      while let notice = notices.next() { log.write(notice) }
      guard loop.ending == nil else { return }
      let wake = loop.nextWake(at: now).map { $0 - now.monotonic } ?? Self.longestWait
      readiness.wait(atMost: min(wake, Self.longestWait))
    }
  }

  private func close(_ loop: WorkerLoop) -> ExitCode {
    let now = WorkerClock.now()
    log.now = now
    watchdog.closing(at: now)
    let code: ExitCode =
      switch loop.ending {
      case .stopped: .success
      // Nil: asked a second time.
      case .drainMissed, nil: .drainMissed
      case .failed(let fault): fault.exitCode
      }
    if case .failed(let fault) = loop.ending {
      log.write(
        .error, "stopped", [(.fault, .text(fault.message)), (.exitCode, .integer(Int64(code.rawValue)))])
    } else {
      _ = loop.committing.stop(deadline: now.monotonic + .seconds(3))
      log.write(.info, "stopped", [(.exitCode, .integer(Int64(code.rawValue)))])
    }
    return code
  }

  // MARK: Making

  private func makeConnections() throws(FatalFault) -> GatewayConnections {
    do throws(GatewayConnectionFault) {
      return try GatewayConnections(settings: configuration.connectionSettings)
    } catch {
      throw FatalFault(.configuration, "gateway.url: \(error)")
    }
  }

  private func makeLoop(
    _ intake: consuming KafkaIntake, _ gateway: consuming GatewayConnections,
    _ committer: consuming KafkaCommitter, partitionCount: Int
  ) -> WorkerLoop {
    let log = log
    return WorkerLoop(
      intake: intake, gateway: gateway, committing: committer,
      engine: DeliveryEngine(
        settings: configuration.deliverySettings(partitionCount: partitionCount),
        seed: .random(in: 0 ... .max), processToken: .random(in: 0 ... .max)),
      path: configuration.recordPath(), drainLimit: .milliseconds(configuration.shutdown.drainMilliseconds),
      finalCommitLimit: .seconds(8), notify: { log.write($0) })
  }

  /// Every connection is an open file.
  private func raiseOpenFileLimit() throws(FatalFault) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let wanted = UInt64(configuration.gateway.concurrency) + Self.otherOpenFiles
    guard limit.rlim_cur < wanted else { return }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_cur >= wanted else {
      throw FatalFault(
        .configuration,
        "gateway.concurrency \(configuration.gateway.concurrency) needs \(wanted) open files, the limit is \(limit.rlim_max): raise it (ulimit -Hn, LimitNOFILE) or lower the concurrency."
      )
    }
  }

  private func logStart(_ counts: TopicCounts) {
    log.now = WorkerClock.now()
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
