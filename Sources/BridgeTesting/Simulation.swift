import BridgeCore
import BridgeRuntime
import ChatEvents
import LippiAPI
import Outcomes

/// What one simulated schedule does; the seed decides the rest.
package struct SimulationPlan: Sendable {
  package var partitionCount = 3
  package var recordCount = 120
  package var laneCount = 12
  package var crashCount = 2
  package var cleanStopCount = 1
  package var inFlightLimit = 8
  package var gatewayFaults = GatewayFaults()
  package var commitFaults = CommitFaults()
  package init() {}

  /// A plan of every kind, from a seed.
  package init(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    partitionCount = 1 + Int(random.next(upTo: 3))
    recordCount = 20 + Int(random.next(upTo: 150))
    laneCount = 1 + Int(random.next(upTo: 20))
    crashCount = Int(random.next(upTo: 4))
    cleanStopCount = Int(random.next(upTo: 2))
    inFlightLimit = 1 + Int(random.next(upTo: 15))
    func share(_ random: inout SplitMix64) -> UInt64 { random.next(upTo: 2) == 0 ? random.next(upTo: 80) : 0 }
    gatewayFaults.refused = share(&random)
    gatewayFaults.temporaryWithoutEffect = share(&random)
    gatewayFaults.temporaryUnknown = share(&random)
    gatewayFaults.noAnswer = share(&random)
    gatewayFaults.notSent = share(&random)
    gatewayFaults.banned = share(&random) / 8
    gatewayFaults.configurationFault = share(&random) / 8
    commitFaults.refused = share(&random)
  }
}

/// What a schedule showed.
package struct SimulationResult: Sendable {
  package var sendCount = 0
  package var flaggedCount = 0
  package var violations: [String] = []
}

/// Runs the unchanged loop and core against simulated ports: one worker after the other on one cluster, each ended
/// by a crash, a clean stop or, the last one, when everything has its outcome.
package final class Simulation {
  private typealias Loop = BridgeLoop<SimulatedIntake, SimulatedGateway, SimulatedCommitter>

  /// A schedule that takes longer than this is stuck.
  private static let timeLimit = TimeSpan.seconds(3_600)
  private static let drainLimit = TimeSpan.seconds(10)

  private let plan: SimulationPlan
  private let cluster: SimulatedCluster
  private let backend: SimulatedBackend
  private var random: SplitMix64
  private var now = MonotonicTime(microseconds: 1_000_000)
  private var incarnation: UInt32 = 0
  private var appendedCount = 0

  package init(plan: SimulationPlan, seed: UInt64) {
    self.plan = plan
    random = SplitMix64(seed: seed)
    cluster = SimulatedCluster(partitionCount: plan.partitionCount)
    backend = SimulatedBackend(cluster: cluster, faults: plan.gatewayFaults, seed: random.next())
  }

  package func run() -> SimulationResult {
    var ends =
      Array(repeating: End.crash, count: plan.crashCount)
      + Array(repeating: .cleanStop, count: plan.cleanStopCount)
    while !ends.isEmpty { runWorker(until: ends.remove(at: Int(random.next(upTo: UInt64(ends.count - 1))))) }
    runWorker(until: .allDone)
    return checked()
  }

  private enum End { case crash, cleanStop, allDone }

  private func runWorker(until end: End) {
    incarnation += 1
    let transactions = SimulatedTransactions(cluster: cluster, faults: plan.commitFaults, seed: random.next())
    let loop = makeLoop(transactions)
    let started = now
    let lifetime = TimeSpan(microseconds: Int64(random.next(upTo: 600_000)))
    while loop.ending == nil {
      appendRecords()
      let moment = Moment(monotonic: now, wall: WallTime(milliseconds: now.microseconds / 1_000))
      backend.now = now
      transactions.now = now
      loop.turn(at: moment)
      switch end {
      case .crash where now - started >= lifetime:
        transactions.crash()
        backend.crash()
        return
      case .cleanStop where now - started >= lifetime, .allDone where isComplete:
        loop.stop(at: moment)
      case .crash, .cleanStop, .allDone:
        break
      }
      guard now - started < Self.timeLimit else {
        cluster.violated(
          "stuck: \(missing()) records without outcome after \(Self.timeLimit.milliseconds) ms")
        return
      }
      let wake = [loop.nextWake(at: moment), backend.nextDue, transactions.nextDue].compactMap { $0 }.min()
      // New records and their reading have no wake-up of their own here: look every 5 ms.
      let glance = now + .milliseconds(5)
      now = max(now + TimeSpan(microseconds: 50), min(wake ?? glance, glance))
    }
    if loop.ending != .stopped {
      cluster.violated("a clean stop ended as \(String(describing: loop.ending))")
    }
    if backend.inFlightPeak > plan.inFlightLimit {
      cluster.violated("V10: \(backend.inFlightPeak) requests in flight")
    }
  }

  private func makeLoop(_ transactions: SimulatedTransactions) -> Loop {
    var settings = DeliverySettings()
    settings.inFlightLimit = plan.inFlightLimit
    settings.firstPartitionCount = Int32(plan.partitionCount)
    return Loop(
      intake: SimulatedIntake(cluster: cluster, epoch: Epoch(1), seed: random.next()),
      gateway: SimulatedGateway(backend, connectionLimit: plan.inFlightLimit),
      committing: SimulatedCommitter(transactions),
      engine: DeliveryEngine(settings: settings, seed: random.next(), processToken: incarnation),
      path: SimulatedPath.make(), drainLimit: Self.drainLimit, finalCommitLimit: .seconds(8), notify: { _ in }
    )
  }

  // MARK: Input

  private func appendRecords() {
    while appendedCount < plan.recordCount, random.next(upTo: 2) == 0 {
      let partition = Int(random.next(upTo: UInt64(plan.partitionCount - 1)))
      let lane = Int(random.next(upTo: UInt64(plan.laneCount - 1)))
      let isValid = random.next(upTo: 19) > 0
      cluster.append(
        to: partition, lane: lane, gap: random.next(upTo: 5) == 0 ? RecordOffset(random.next(upTo: 3)) : 0,
        value: { offset in
          let content = isValid ? #""content":"hello","# : ""
          return Array(
            #"{"message_id":"m-\#(partition)-\#(offset)","sid":"s-\#(lane)",\#(content)"session_source":"XSpace","content_type":1,"bu_id":"100"}"#
              .utf8)
        }, isValid: isValid)
      appendedCount += 1
    }
  }

  private func missing() -> Int {
    plan.recordCount - cluster.partitions.reduce(0) { $0 + Set($1.outcomes.map(\.offset)).count }
  }

  private var isComplete: Bool { appendedCount == plan.recordCount && missing() == 0 }

  // MARK: Invariants

  private func checked() -> SimulationResult {
    var result = SimulationResult()
    result.sendCount = backend.calls.count
    var calls: [String: [SimulatedBackend.Call]] = [:]
    for call in backend.calls { calls["\(call.partition)/\(call.offset)", default: []].append(call) }
    for (index, partition) in cluster.partitions.enumerated() {
      check(partition, index, calls, &result)
    }
    result.violations += cluster.violations
    return result
  }

  private func check(
    _ partition: SimulatedCluster.Partition, _ index: Int, _ calls: [String: [SimulatedBackend.Call]],
    _ result: inout SimulationResult
  ) {
    var outcomesOf: [RecordOffset: [SimulatedCluster.PublishedOutcome]] = [:]
    for outcome in partition.outcomes { outcomesOf[outcome.offset, default: []].append(outcome) }
    for record in partition.records {
      let name = "\(index)/\(record.offset)"
      let outcomes = outcomesOf[record.offset] ?? []
      guard outcomes.count == 1 else {
        result.violations.append("V\(outcomes.isEmpty ? 1 : 2): \(name) has \(outcomes.count) outcomes")
        continue
      }
      let sent = calls[name] ?? []
      let text = outcomes[0].value
      let isFlagged = text.contains(#""possible_duplicate":true"#) || text.contains(#""outcome":"in_doubt""#)
      if isFlagged { result.flaggedCount += 1 }
      if sent.filter({ $0.effect != .none }).count > 1, !isFlagged {
        result.violations.append("V4: \(name) was sent twice, not flagged")
      }
      if text.contains(#""outcome":"delivered""#), !sent.contains(where: { $0.effect == .done }) {
        result.violations.append("V3: \(name) is delivered by nobody")
      }
      let promisesNothing = ["rejected", "invalid", "expired", "failed"].contains {
        text.contains(#""outcome":"\#($0)""#)
      }
      if promisesNothing, sent.contains(where: \.isExecuted) {
        result.violations.append("V12: \(name) was executed: \(text)")
      }
      if record.isValid == text.contains(#""outcome":"invalid""#) {
        result.violations.append("\(name) is wrongly judged: \(text)")
      }
    }
    checkOrder(partition, index, result: &result)
    if partition.committed?.offset != partition.end, !partition.records.isEmpty {
      result.violations.append(
        "V11: lag of partition \(index): \(String(describing: partition.committed?.offset)) of \(partition.end)"
      )
    }
  }

  private func checkOrder(
    _ partition: SimulatedCluster.Partition, _ index: Int, result: inout SimulationResult
  ) {
    let laneOf = Dictionary(uniqueKeysWithValues: partition.records.map { ($0.offset, $0.lane) })
    var lastOutcome: [Int: RecordOffset] = [:]
    for outcome in partition.outcomes {
      guard let lane = laneOf[outcome.offset] else { continue }
      if let last = lastOutcome[lane], last > outcome.offset {
        result.violations.append("V6: outcomes of lane \(lane): \(last) before \(outcome.offset)")
      }
      lastOutcome[lane] = outcome.offset
    }
    var seen: Set<RecordOffset> = []
    var lastFirst: [Int: RecordOffset] = [:]
    for call in backend.calls where call.partition == index && seen.insert(call.offset).inserted {
      guard let lane = laneOf[call.offset] else { continue }
      if let last = lastFirst[lane], last > call.offset {
        result.violations.append("V6: first requests of lane \(lane): \(last) before \(call.offset)")
      }
      lastFirst[lane] = call.offset
    }
  }
}
