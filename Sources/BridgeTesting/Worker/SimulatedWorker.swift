import BridgeCore
import BridgeRuntime

/// One process: the unchanged loop over scripted ports, and what runs beside it in threads of its own.
final class SimulatedWorker {
  typealias Loop = BridgeLoop<SimulatedIntake, SimulatedGateway, SimulatedCommitter>

  let world: World
  /// Counts processes.
  let number: Int
  let instance: Int
  let transactionalID: Int
  private(set) var isAlive = true
  private(set) var pausedUntil: Int64 = 0
  /// Its network to the brokers is cut until then.
  var cutUntil: Int64 = 0
  private var nextTurnAt: Int64 = .max
  private var restlessTurnCount = 0
  private var loop: Loop!
  private(set) var member: SimulatedMember!
  private(set) var committer: CommitterThread!
  private(set) var connections: GatewayConnectionsScript!
  var history = LineHistory()
  /// For the schedule, when the process is gone by itself.
  var onEnd: (RuntimeEnding) -> Void = { _ in }
  var onNotice: (RuntimeNotice) -> Void = { _ in }
  var onPoint: (SimulationPlan.Point) -> Void = { _ in }

  static let requestTimeout: Int64 = 8_000_000
  private static let drainLimit = TimeSpan.seconds(10)
  /// Turns one after the other that each wanted the next one at once; more than it takes to empty a queue of records.
  private static let restlessTurnLimit = 200

  init(world: World, number: Int, instance: Int, cluster: SimulatedCluster) {
    self.world = world
    self.number = number
    self.instance = instance
    transactionalID = world.plan.changesInstance ? 1_000 + number : instance
    member = SimulatedMember(worker: self, cluster: cluster)
    committer = CommitterThread(worker: self, member: member, cluster: cluster)
    connections = GatewayConnectionsScript(worker: self, backend: cluster.backend)
    loop = Loop(
      intake: SimulatedIntake(member), gateway: SimulatedGateway(connections),
      committing: SimulatedCommitter(committer),
      engine: DeliveryEngine(
        settings: settings, seed: world.dice.next(), processToken: UInt32(number)),
      path: SimulatedPath.make(), drainLimit: Self.drainLimit, finalCommitLimit: .seconds(8),
      notify: { [unowned self] in noticed($0) })
  }

  private var settings: DeliverySettings {
    var settings = DeliverySettings()
    let plan = world.plan
    settings.inFlightLimit = plan.inFlightLimit
    settings.firstPartitionCount = Int32(plan.partitionCount)
    settings.bufferedByteLimit = plan.bufferedByteLimit
    settings.ambiguousPolicy = plan.policy
    settings.leaseSpan = TimeSpan(microseconds: Group.sessionTimeout - Self.requestTimeout)
    settings.predecessorMayHoldLease = plan.isStaticMember
    settings.retry.attemptLimit = plan.retryAttemptLimit
    settings.retry.timeLimit = plan.retryTimeLimit
    settings.maximumEventAge = plan.maximumEventAge
    settings.requestsPerSecond = plan.requestsPerSecond
    settings.probesAtStart = true
    if let window = plan.brakeWindow {
      settings.brake.isOn = true
      settings.brake.window = window
    }
    settings.brokenRule = plan.brokenRule
    return settings
  }

  /// The order of a real start: first the producer, then the group.
  func start() {
    world.note("w\(number) starts as instance \(instance)")
    committer.prepare { [self] in member.join() }
  }

  /// Something happens in here that disturbances like to wait for.
  func reached(_ point: SimulationPlan.Point) { onPoint(point) }

  func stop() {
    guard isAlive else { return }
    world.note("w\(number) is asked to stop")
    loop.stop(at: world.moment)
    wake()
  }

  /// An operator's word.
  func pauseLine(for span: Int64) {
    guard isAlive else { return }
    loop.pause(reason: "a look at the backend", at: world.moment)
    after(span) { [self] in resumeLine() }
  }

  private func resumeLine() {
    history.released()
    loop.resume(at: world.moment)
    wake()
  }

  func kill() {
    guard isAlive else { return }
    world.note("w\(number) is killed")
    end()
  }

  private func end() {
    isAlive = false
    loop = nil
    connections.end()
  }

  func pause(_ span: Int64) {
    guard isAlive else { return }
    world.note("w\(number) is paused for \(span / 1_000) ms")
    pausedUntil = max(pausedUntil, world.now + span)
    wake(at: pausedUntil + world.upTo(30_000))
  }

  var isPaused: Bool { world.now < pausedUntil }
  var isCutOff: Bool { world.now < max(cutUntil, world.outageEnds) }
  /// When the brokers can be reached again.
  var isReachableAt: Int64 { max(cutUntil, world.outageEnds) }

  /// Does something in this process: not while it is paused, never after its end.
  func after(_ microseconds: Int64, _ act: @escaping () -> Void) {
    world.after(microseconds) { [self] in
      guard isAlive else { return }
      guard isPaused else { return act() }
      after(pausedUntil - world.now + world.upTo(30_000), act)
    }
  }

  // MARK: Turns

  func wake() { wake(at: world.now) }

  func wake(at time: Int64) {
    guard isAlive, time < nextTurnAt else { return }
    nextTurnAt = max(time, world.now)
    world.schedule(.turn(number), at: nextTurnAt)
  }

  func turn() {
    guard isAlive, nextTurnAt == world.now else { return }
    nextTurnAt = .max
    guard !isPaused else { return wake(at: pausedUntil + world.upTo(30_000)) }
    let moment = world.moment
    loop.turn(at: moment)
    if let ending = loop.ending {
      world.note("w\(number) ended: \(ending)")
      end()
      return onEnd(ending)
    }
    let wanted = loop.nextWake(at: moment)?.microseconds
    restlessTurnCount = wanted.map { $0 <= world.now } ?? false ? restlessTurnCount + 1 : 0
    if restlessTurnCount == Self.restlessTurnLimit { world.violated("w\(number) finds no rest") }
    if let wanted { wake(at: max(wanted, world.now + 20)) }
  }

  private func noticed(_ notice: RuntimeNotice) {
    world.note("w\(number) \(Self.text(notice))")
    history.noticed(notice, at: world.now)
    if case .lineBraked = notice { after(500_000 + world.upTo(3_000_000)) { [self] in resumeLine() } }
    onNotice(notice)
  }

  private static func text(_ notice: RuntimeNotice) -> String {
    switch notice {
    case .assigned(let partitions, let epoch): "is assigned \(partitions), epoch \(epoch.number)"
    case .partitionStarted(let view, _):
      "starts \(view.partition) at C \(view.committedOffset), K \(view.ceiling)"
    case .partitionUndecided(let found, let reason, _): "does not start \(found.partition): \(reason.name)"
    case .partitionTakenOver(let partition): "finds \(partition) taken over"
    case .revoked(let partitions): "has to give \(partitions)"
    case .lost(let partitions): "has lost \(partitions)"
    case .batch(let token, let count, let results, let fault):
      "batch \(token.counter) with \(count) outcomes: \(results) \(fault ?? "")"
    case .lineStopped(let stop): "line stopped: \(stop.reason)"
    case .lineResumed: "line runs again"
    case .linePaused: "is paused"
    case .banIsLong: "is banned for long"
    case .breakerOpened: "breaker opened"
    case .breakerClosed: "breaker closed"
    case .lineBraked(let count, let window): "is braked: \(count) of \(window)"
    case .outcomeRefused(let partition, let offset, let isFinal):
      "outcome of \(partition)/\(offset) is refused\(isFinal ? " in every form" : "")"
    case .drainStarted: "drains"
    case .drained(let count): "has drained, \(count) unresolved"
    case .drainMissed(let count): "missed the drain's deadline with \(count) requests out"
    }
  }
}
