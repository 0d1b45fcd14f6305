import BridgeCore

/// What the committer's thread and its producer do for one process. The decisions about failed transactions are the
/// product's own (`TransactionConduct`); the requests meet the simulated network.
final class CommitterThread {
  enum Failure {
    case refused(Broker.Refusal)
    /// The call ended without an answer.
    case silent
  }

  private struct Recovery {
    var partitions: [PartitionIndex]
    var epoch: Epoch
    var number: Int
  }

  unowned let worker: SimulatedWorker
  let world: World
  let member: SimulatedMember
  let cluster: SimulatedCluster
  private var answers: [CommittingAnswer] = []
  private var batch: CommitBatch?
  private var recovery: Recovery?
  private var recoveryCount = 0
  private var isAsking = false

  /// The producer's; 0 without one.
  var producerEpoch = 0
  /// A request of the producer ended without an answer.
  var hasUnansweredRequest = false
  var conduct = TransactionConduct()

  init(worker: SimulatedWorker, member: SimulatedMember, cluster: SimulatedCluster) {
    self.worker = worker
    self.member = member
    self.cluster = cluster
    world = worker.world
  }

  var isExactlyOnce: Bool { world.plan.guarantee == .exactlyOnce }

  // MARK: The loop's side

  func recover(_ partitions: [PartitionIndex], epoch: Epoch) {
    recoveryCount += 1
    recovery = Recovery(partitions: partitions, epoch: epoch, number: recoveryCount)
    ask()
  }

  func submit(_ submitted: consuming CommitBatch) {
    precondition(batch == nil, "one batch at a time")
    batch = submitted
    worker.reached(.batch)
    worker.after(50 + world.upTo(500)) { [self] in commit() }
  }

  func nextAnswer() -> CommittingAnswer? { answers.isEmpty ? nil : answers.removeFirst() }

  private func answer(_ answer: CommittingAnswer) {
    answers.append(answer)
    worker.wake()
  }

  /// Somebody else keeps taking our transactional id; at random one of the two ends first.
  func answerOusted() {
    producerEpoch = 0
    worker.after(10_000_000 + world.upTo(20_000_000)) { [self] in
      answer(.failed(FatalFault(.identityInUse, "another process uses the transactional id")))
    }
  }

  func finish(_ results: [CommitResult], fault: String?, refusedOutcome: Int? = nil) {
    guard let done = batch.take() else { return }
    answer(
      .batch(
        CommitAnswer(batch: done, results: results, fault: fault, refusedOutcome: refusedOutcome)))
    if recovery != nil { ask() }
  }

  func finish(_ result: CommitResult, fault: String?) {
    finish(Array(repeating: result, count: batch?.partitions.count ?? 0), fault: fault)
  }

  // MARK: Producer

  /// Makes the producer ready, however long it takes.
  func prepare(then goOn: @escaping () -> Void) {
    if hasUnansweredRequest, world.plan.brokenRule != .keepsProducerWithUnansweredRequest {
      producerEpoch = 0
    }
    guard isExactlyOnce, producerEpoch == 0 else { return goOn() }
    guard !worker.isCutOff else {
      return worker.after(worker.isReachableAt - world.now + 1_000) { [self] in prepare(then: goOn) }
    }
    worker.after(5_000 + world.upTo(10_000)) { [self] in
      guard !worker.isCutOff else { return prepare(then: goOn) }
      producerEpoch = cluster.broker.initialize(worker.transactionalID)
      hasUnansweredRequest = false
      goOn()
    }
  }

  func dropProducer() {
    if world.plan.brokenRule != .keepsFencedProducer { producerEpoch = 0 }
  }

  // MARK: Requests

  /// Sends one request. The library repeats it silently when the connection breaks: a copy may be executed late.
  func request(
    _ execute: @escaping () -> Broker.Refusal?, then goOn: @escaping (Failure?) -> Void
  ) {
    let plan = world.plan
    guard !worker.isCutOff else { return requestDuringOutage(execute, then: goOn) }
    worker.after(200 + world.upTo(4_000)) { [self] in
      guard !worker.isCutOff else { return requestDuringOutage(execute, then: goOn) }
      if world.happens(plan.network.resent) {
        hasUnansweredRequest = true
        if world.upTo(1) == 0 { _ = execute() } else { leaveCopy(execute) }
      } else if world.happens(plan.network.silent) {
        hasUnansweredRequest = true
        switch world.upTo(2) {
        case 0: _ = execute()
        case 1: leaveCopy(execute)
        default: break
        }
        return worker.after(3_000_000 + world.upTo(13_000_000)) { goOn(.silent) }
      } else if world.happens(plan.network.refused) {
        return goOn(.refused(.coordinator))
      }
      let refusal = execute()
      worker.after(100 + world.upTo(2_000)) { goOn(refusal.map { .refused($0) }) }
    }
  }

  private func requestDuringOutage(
    _ execute: @escaping () -> Broker.Refusal?, then goOn: @escaping (Failure?) -> Void
  ) {
    let wait = worker.isReachableAt - world.now + 1_000 + world.upTo(20_000)
    hasUnansweredRequest = true
    if wait < 16_000_000, world.upTo(2) > 0 {
      return worker.after(wait) { [self] in request(execute, then: goOn) }
    }
    if world.upTo(1) == 0 { world.after(wait) { _ = execute() } }
    worker.after(min(wait, 16_000_000)) { goOn(.silent) }
  }

  /// The copy waits in the network or in a broker: it does not need the process any more.
  private func leaveCopy(_ execute: @escaping () -> Broker.Refusal?) {
    let delay = world.upTo(1) == 0 ? world.upTo(200_000) : world.upTo(20_000_000)
    world.after(delay) { [self] in
      if execute() == nil { world.note("a late copy of a request of w\(worker.number) was executed") }
    }
  }

  // MARK: Batches

  private func commit() {
    guard let batch else { return }
    guard let epoch = batch.partitions.first?.epoch, let credentials = member.credentials(for: epoch) else {
      return worker.after(200_000) { [self] in finish(.notCommitted, fault: "the membership is not valid") }
    }
    if let rest = world.plan.refusedOutcomeRest,
      let refused = batch.outcomes.firstIndex(where: {
        $0.offset % 8 == rest && (!$0.isMinimal || (world.plan.refusesEveryForm && !world.isCalm))
      })
    {
      let results = batch.partitions.map { _ in CommitResult.notCommitted }
      return worker.after(2_000) { [self] in
        finish(results, fault: "an outcome is too large", refusedOutcome: refused)
      }
    }
    prepare { [self] in
      if isExactlyOnce { commitTransaction(batch, credentials) } else { commitPlainly(batch, credentials) }
    }
  }

  func published(_ batch: CommitBatch) -> [PublishedOutcome] {
    batch.outcomes.map {
      PublishedOutcome(
        $0, in: batch.bytes, by: worker.number, at: world.moment.wall.milliseconds)
    }
  }

  // MARK: What is committed

  private func ask() {
    guard !isAsking, recovery != nil else { return }
    isAsking = true
    worker.after(300 + world.upTo(5_000)) { [self] in
      isAsking = false
      // A batch comes first.
      guard let asked = recovery, batch == nil else { return }
      guard let recovered = recovered(asked.partitions) else {
        isAsking = true
        return worker.after(200_000) { [self] in
          isAsking = false
          ask()
        }
      }
      recovery = nil
      answer(.recovery(RecoveryAnswer(epoch: asked.epoch, partitions: recovered)))
    }
  }

  /// Nil while there is no answer that counts.
  private func recovered(_ partitions: [PartitionIndex]) -> [RecoveredPartition]? {
    guard !worker.isCutOff, !partitions.contains(where: { cluster.broker.isUnstable(Int($0)) }) else {
      return nil
    }
    return partitions.map { partition in
      let committed = cluster.broker.committed[Int(partition)]
      return RecoveredPartition(
        partition: partition, committedOffset: committed?.offset, metadata: committed?.metadata ?? [],
        logStart: 0, logEnd: cluster.input.partitions[Int(partition)].end, startPosition: 0)
    }
  }

  /// Asks until it is clear what became of the batch.
  func resolve(fault: String) {
    guard let batch else { return }
    worker.after(500 + world.upTo(5_000)) { [self] in
      let partitions = batch.partitions.map { Int($0.partition) }
      guard !worker.isCutOff, !partitions.contains(where: { cluster.broker.isUnstable($0) }) else {
        return worker.after(200_000) { [self] in resolve(fault: fault) }
      }
      let results = batch.partitions.map { commit -> CommitResult in
        let found = cluster.broker.committed[Int(commit.partition)]
        if world.plan.brokenRule == .takesOffsetForToken {
          return found?.offset == commit.committedOffset ? .committed : .notCommitted
        }
        return CommitResult(of: commit, token: batch.token, found: found?.log.token)
      }
      finish(results, fault: fault)
    }
  }
}
