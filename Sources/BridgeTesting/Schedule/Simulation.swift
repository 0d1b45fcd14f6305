import BridgeCore
import BridgeRuntime

/// What a schedule showed.
package struct SimulationResult: Sendable {
  package var sendCount = 0
  package var outcomeCount = 0
  package var flaggedCount = 0
  package var happeningCount = 0
  package var violations: [String] = []
}

/// Runs the unchanged loop and core against simulated ports: processes come, are killed, stopped, paused and cut off,
/// until everything has its outcome; then the invariants are checked.
package final class Simulation {
  /// Afterwards nothing is left to wait for: it is stuck.
  private static let calmLimit: Int64 = 600_000_000
  private static let happeningLimit = 50_000

  private let plan: SimulationPlan
  private let world: World
  private let cluster: SimulatedCluster
  private var workers: [SimulatedWorker] = []
  /// By instance: the process that should run.
  private var current: [SimulatedWorker?]
  private var ledger: PromiseLedger
  private var calmSince: Int64?
  private var isStopping = false
  /// Disturbances that wait for their point.
  private var waiting: [SimulationPlan.Disturbance] = []

  package init(plan: SimulationPlan, seed: UInt64, trace: ((String) -> Void)? = nil) {
    self.plan = plan
    world = World(plan: plan, seed: seed, trace: trace)
    cluster = SimulatedCluster(world: world)
    current = Array(repeating: nil, count: plan.instanceCount)
    ledger = PromiseLedger(world: world, cluster: cluster)
  }

  package func run() -> SimulationResult {
    for instance in 0..<plan.instanceCount {
      world.after(world.upTo(300_000)) { [self] in startWorker(instance) }
    }
    for _ in 0..<plan.recordCount {
      world.after(world.upTo(plan.arrivalSpan.microseconds)) { [self] in
        let partition = cluster.input.append(in: world)
        for worker in workers { worker.member.recordsArrived(partition) }
      }
    }
    var last = plan.arrivalSpan.microseconds
    for disturbance in plan.disturbances {
      world.after(disturbance.at.microseconds) { [self] in arrange(disturbance) }
      last = max(last, disturbance.at.microseconds)
    }
    for trouble in plan.troubles { last = max(last, trouble.at.microseconds + trouble.span.microseconds) }
    for pause in plan.pauses {
      world.after(pause.at.microseconds) { [self] in
        current[pause.instance]?.pauseLine(for: pause.span.microseconds)
      }
    }
    world.after(last + 1_000_000 + world.upTo(1_000_000)) { [self] in calmDown() }
    while let happening = world.next() {
      switch happening {
      case .turn(let number): workers[number].turn()
      case .act(let act): act()
      }
      if isOver { break }
      guard world.happeningCount < Self.happeningLimit else {
        world.violated("stuck: \(Self.happeningLimit) things happened")
        break
      }
    }
    let result = ledger.checked(workers.map(\.history))
    world.forgetAll()
    return result
  }

  // MARK: Processes

  private func startWorker(_ instance: Int) {
    guard !isStopping, current[instance] == nil else { return }
    let worker = SimulatedWorker(world: world, number: workers.count, instance: instance, cluster: cluster)
    workers.append(worker)
    current[instance] = worker
    worker.onNotice = { [unowned self, unowned worker] in ledger.noticed($0, by: worker) }
    worker.onPoint = { [unowned self] point in reached(point, in: instance) }
    worker.onEnd = { [unowned self, unowned worker] ending in
      ended(worker, ending)
    }
    worker.start()
  }

  private func ended(_ worker: SimulatedWorker, _ ending: RuntimeEnding) {
    switch ending {
    case .stopped, .drainMissed: break
    case .failed(let fault):
      if fault.kind != .identityInUse { world.violated("a worker failed: \(fault.message)") }
    }
    guard current[worker.instance] === worker else { return }
    current[worker.instance] = nil
    if !isStopping { world.after(1_000 + world.upTo(2_000_000)) { [self] in startWorker(worker.instance) } }
  }

  private func restart(_ instance: Int, after span: Int64) {
    world.after(span) { [self] in startWorker(instance) }
  }

  private func arrange(_ disturbance: SimulationPlan.Disturbance) {
    if disturbance.point == nil { happen(disturbance) } else { waiting.append(disturbance) }
  }

  private func reached(_ point: SimulationPlan.Point, in instance: Int) {
    guard !waiting.isEmpty, !world.isCalm,
      let index = waiting.firstIndex(where: { $0.point == point && $0.instance == instance })
    else { return }
    let disturbance = waiting.remove(at: index)
    switch disturbance.kind {
    // At once: nothing of what follows from here happens before.
    case .pause, .twin: happen(disturbance)
    case .kill, .stop, .outage, .cut: world.after(0) { [self] in happen(disturbance) }
    }
  }

  private func happen(_ disturbance: SimulationPlan.Disturbance) {
    let instance = disturbance.instance
    let span = disturbance.span.microseconds
    switch disturbance.kind {
    case .outage:
      world.note("no broker answers for \(span / 1_000) ms")
      world.outageEnds = max(world.outageEnds, world.now + span)
      world.after(span) { [self] in if world.now >= world.outageEnds { cluster.group.brokersAreBack() } }
    case .cut:
      guard let worker = current[instance] else { return }
      world.note("w\(worker.number) is cut off for \(span / 1_000) ms")
      worker.cutUntil = max(worker.cutUntil, world.now + span)
    case .kill:
      guard let worker = current[instance] else { return }
      worker.kill()
      current[instance] = nil
      restart(instance, after: span)
    case .pause:
      current[instance]?.pause(span)
    case .twin:
      guard let worker = current[instance] else { return }
      worker.pause(span)
      current[instance] = nil
      restart(instance, after: span / 2)
      // Whoever replaced it will find the old process some day.
      world.after(span + 1_000 + world.upTo(5_000_000)) { worker.kill() }
    case .stop:
      guard let worker = current[instance] else { return }
      worker.onEnd = { [unowned self, unowned worker] ending in
        if current[instance] === worker { current[instance] = nil }
        if !isStopping { restart(instance, after: span) }
        _ = ending
      }
      worker.stop()
    }
  }

  // MARK: The end

  /// From now on nothing goes wrong any more.
  private func calmDown() {
    world.note("calm")
    world.isCalm = true
    calmSince = world.now
    for instance in current.indices { restart(instance, after: world.upTo(500_000)) }
    lookAround()
  }

  private func lookAround() {
    if isComplete {
      world.note("complete")
      isStopping = true
      for worker in workers { worker.stop() }
    } else {
      world.after(500_000) { [self] in lookAround() }
    }
  }

  private var isComplete: Bool {
    cluster.input.appendedCount == plan.recordCount && cluster.broker.resolvedCount == plan.recordCount
      && cluster.input.partitions.indices.allSatisfy { hasNoLag($0) }
      && !workers.contains(where: \.isPaused) && !cluster.broker.hasOpenTransaction
  }

  private func hasNoLag(_ partition: Int) -> Bool {
    let log = cluster.input.partitions[partition]
    return log.records.isEmpty || cluster.broker.committed[partition]?.offset == log.end
  }

  private var isOver: Bool {
    if isStopping, workers.allSatisfy({ !$0.isAlive }) { return true }
    guard let calmSince, world.now - calmSince > Self.calmLimit else { return false }
    world.violated(
      isStopping
        ? "V11: a worker does not stop"
        : "V1 or V11: \(plan.recordCount - cluster.broker.resolvedCount) records without outcome, or lag, in spite of calm"
    )
    return true
  }
}
