import BridgeCore
import BridgeRuntime

/// Keeps what the promise can be checked against, and checks it.
struct PromiseLedger {
  private let world: World
  private let cluster: SimulatedCluster
  /// Per partition: its last owner gave it up with everything durable.
  private var isCleanlyReleased: [Bool]
  /// Per partition: the process that works on it as far as it knows.
  private var runner: [Int?]
  /// Per partition: what a successor had to take for sent.
  private var excused: [[Range<RecordOffset>]]

  init(world: World, cluster: SimulatedCluster) {
    self.world = world
    self.cluster = cluster
    isCleanlyReleased = Array(repeating: true, count: world.plan.partitionCount)
    runner = Array(repeating: nil, count: world.plan.partitionCount)
    excused = Array(repeating: [], count: world.plan.partitionCount)
  }

  mutating func noticed(_ notice: RuntimeNotice, by worker: SimulatedWorker) {
    switch notice {
    case .partitionStarted(let view, _):
      let partition = Int(view.partition)
      if view.ceiling > view.committedOffset {
        let highest = view.ceiling - 1
        if isCleanlyReleased[partition], !isExcused(partition, highest), !wasAmbiguous(partition, highest) {
          world.violated("V11: after a clean stop K of partition \(partition) is \(view.ceiling)")
        }
        excused[partition].append(view.committedOffset..<view.ceiling)
      }
      isCleanlyReleased[partition] = false
      runner[partition] = worker.number
    case .drained:
      for partition in runner.indices where runner[partition] == worker.number {
        isCleanlyReleased[partition] = true
        runner[partition] = nil
      }
    case .drainMissed where world.plan.isQuiet:
      world.violated("a drain was missed although nothing happened")
    case .drainMissed(inFlightCount: 0):
      for partition in runner.indices where runner[partition] == worker.number { runner[partition] = nil }
    case .assigned(let partitions, _), .lost(let partitions):
      for partition in partitions where runner[Int(partition)] == worker.number {
        runner[Int(partition)] = nil
      }
    case .partitionUndecided(let recovered, let reason, _):
      world.violated("partition \(recovered.partition) does not start: \(reason.name)")
    case .partitionTakenOver, .revoked, .batch, .outcomeRefused, .lineStopped, .lineResumed, .linePaused,
      .banIsLong, .breakerOpened, .breakerClosed, .lineBraked, .drainStarted, .drainMissed:
      break
    }
  }

  private func isExcused(_ partition: Int, _ offset: RecordOffset) -> Bool {
    excused[partition].contains { $0.contains(offset) }
  }

  private func wasAmbiguous(_ partition: Int, _ offset: RecordOffset) -> Bool {
    cluster.backend.calls.contains {
      $0.partition == partition && $0.offset == offset && $0.effect == .unknown
    }
  }

  // MARK: Invariants

  private struct Sent {
    var effectCount = 0
    var unknownCount = 0
    var doneCount = 0
    var isExecuted = false
  }

  func checked(_ histories: [LineHistory]) -> SimulationResult {
    var result = SimulationResult()
    result.sendCount = cluster.backend.calls.count
    result.happeningCount = world.happeningCount
    result.violations = world.violations
    for partition in cluster.input.partitions.indices { check(partition, histories, &result) }
    return result
  }

  private func check(_ partition: Int, _ histories: [LineHistory], _ result: inout SimulationResult) {
    let records = cluster.input.partitions[partition].records
    let log = cluster.input.partitions[partition]
    var sent = [Sent](repeating: Sent(), count: records.count)
    var lastFirst = [RecordOffset](repeating: -1, count: 64)
    var isSeen = [Bool](repeating: false, count: records.count)
    for call in cluster.backend.calls where call.partition == partition {
      let index = log.index(of: call.offset)
      if call.effect != .none { sent[index].effectCount += 1 }
      if call.effect == .unknown { sent[index].unknownCount += 1 }
      if call.effect == .done { sent[index].doneCount += 1 }
      if call.isExecuted { sent[index].isExecuted = true }
      guard !isSeen[index] else { continue }
      isSeen[index] = true
      let lane = records[index].lane
      if lastFirst[lane] > call.offset {
        result.violations.append(
          "V6: first request of \(partition)/\(call.offset) behind that of \(lastFirst[lane])")
      }
      lastFirst[lane] = call.offset
    }
    var outcomes = [[PublishedOutcome]](repeating: [], count: records.count)
    var lastOutcome = [RecordOffset](repeating: -1, count: 64)
    for outcome in cluster.broker.outcomes[partition] {
      result.outcomeCount += 1
      let index = log.index(of: outcome.offset)
      let lane = records[index].lane
      if outcomes[index].isEmpty {
        if lastOutcome[lane] > outcome.offset {
          result.violations.append(
            "V6: outcome of \(partition)/\(outcome.offset) behind that of \(lastOutcome[lane])")
        }
        lastOutcome[lane] = outcome.offset
      }
      outcomes[index].append(outcome)
      checkEnding(outcome, records[index], histories, &result)
    }
    for index in records.indices {
      check(records[index], in: partition, outcomes[index], sent[index], &result)
    }
  }

  /// Nothing is ended for a fault of ours, of the gateway as a whole, or before its time.
  private func checkEnding(
    _ outcome: PublishedOutcome, _ record: InputLog.Record, _ histories: [LineHistory],
    _ result: inout SimulationResult
  ) {
    let place = "\(outcome.partition)/\(outcome.offset)"
    if outcome.isCallerRefused, !record.isOfBadCaller {
      result.violations.append("\(place) was rejected for a fault that was ours")
    }
    let history = histories[outcome.worker]
    if history.assignmentCount == 1, world.plan.linesFaultsAreNone {
      let count = failures(of: outcome).count { call in
        call.readAt.map { history.certainlyCounts(from: call.at, to: $0) } ?? false
      }
      if count > world.plan.retryAttemptLimit {
        result.violations.append("\(place) was tried \(count) times and more than it may")
      }
    }
    switch outcome.kind {
    case .delivered, .rejected, .invalid, .inDoubt: break
    case .expired:
      let age = world.plan.maximumEventAge
      if age == .zero || outcome.madeAt < record.timestamp + age.milliseconds {
        result.violations.append("\(place) expired before its time")
      }
    case .failed:
      let failures = failures(of: outcome)
      let countedCount = failures.count { call in call.readAt.map { history.counts($0) } ?? false }
      guard countedCount < world.plan.retryAttemptLimit else { return }
      let span: Int64
      if let start = failures.first?.at, let end = failures.last?.readAt {
        span = end - start - history.stoodStill(from: start, to: end)
      } else {
        span = 0
      }
      if span < world.plan.retryTimeLimit.microseconds {
        result.violations.append(
          "\(place) failed after \(countedCount) attempts and \(span / 1_000) ms that count")
      }
    }
  }

  /// Requests for this record, by the worker that made its outcome, that failed for gateway or backend.
  private func failures(of outcome: PublishedOutcome) -> [Backend.Call] {
    cluster.backend.calls.filter { call in
      call.worker == outcome.worker && call.partition == outcome.partition && call.offset == outcome.offset
        && call.isFailure
    }
  }

  private func check(
    _ record: InputLog.Record, in partition: Int, _ outcomes: [PublishedOutcome], _ sent: Sent,
    _ result: inout SimulationResult
  ) {
    func violated(_ text: String) {
      result.violations.append(
        "\(text): \(partition)/\(record.offset), outcomes \(outcomes.map(\.kind.name))")
    }
    guard !outcomes.isEmpty else { return violated("V1: no outcome") }
    if outcomes.count > 1, world.plan.guarantee == .exactlyOnce { violated("V2: \(outcomes.count) outcomes") }
    let isFlagged = outcomes.contains(where: \.isFlagged)
    if isFlagged { result.flaggedCount += 1 }
    if outcomes.contains(where: { $0.kind == .delivered }), sent.doneCount == 0 {
      violated("V3: delivered by nobody")
    }
    if sent.effectCount > 1, !isFlagged { violated("V4: \(sent.effectCount) requests, no flag") }
    if sent.effectCount > 1, world.plan.policy == .report { violated("V5: \(sent.effectCount) requests") }
    if isFlagged, sent.unknownCount == 0, !isExcused(partition, record.offset) {
      violated("V7, V11: flagged without reason")
    }
    let promisesNothing = outcomes.contains { outcome in
      switch outcome.kind {
      case .rejected, .invalid, .expired, .failed: true
      case .delivered, .inDoubt: false
      }
    }
    // Without transactions a process that was replaced can still publish what it knew.
    let isContradicted = world.plan.guarantee == .atLeastOnce && outcomes.count > 1
    if promisesNothing, sent.isExecuted, !isContradicted { violated("V12: executed") }
    if record.isValid == outcomes.contains(where: { $0.kind == .invalid }) { violated("wrongly judged") }
  }
}
