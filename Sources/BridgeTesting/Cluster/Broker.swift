import BridgeCore

/// Committed offsets, transactions and the result topic, as Kafka's brokers treat them: producers are fenced by their
/// epoch, offset commits by member and generation, and never by partition.
final class Broker {
  struct Committed {
    var offset: RecordOffset
    var metadata: [UInt8]
    var log: RecoveryLog
  }

  /// Why a request is refused.
  enum Refusal {
    case fenced
    case membership
    /// Not in a state in which the request means anything.
    case state
    /// Comes and goes.
    case coordinator
  }

  private struct Transaction {
    var number: Int
    var hasGroup = false
    var outcomes: [PublishedOutcome] = []
    var offsets: [(partition: Int, committed: Committed)] = []
  }

  private struct Producer {
    var epoch = 0
    var transaction: Transaction?
  }

  static let transactionTimeout: Int64 = 15_000_000

  private let world: World
  private let input: InputLog
  private let group: Group
  private var producers: [Int: Producer] = [:]
  private var transactionCount = 0
  private(set) var committed: [Committed?]
  /// The highest K that ever was durable.
  private(set) var highestCeiling: [RecordOffset]
  /// Visible outcomes in their order.
  private(set) var outcomes: [[PublishedOutcome]]
  private(set) var resolvedCount = 0
  private var resolved: [Set<RecordOffset>]
  /// A successor may take these for sent: what its predecessor left unresolved below K.
  var onOutcome: (PublishedOutcome) -> Void = { _ in }

  init(world: World, input: InputLog, group: Group) {
    self.world = world
    self.input = input
    self.group = group
    let count = world.plan.partitionCount
    committed = Array(repeating: nil, count: count)
    highestCeiling = Array(repeating: 0, count: count)
    outcomes = Array(repeating: [], count: count)
    resolved = Array(repeating: [], count: count)
  }

  // MARK: Transactions

  /// Fences older producers of this id and ends what they left open.
  func initialize(_ id: Int) -> Int {
    abort(id)
    producers[id, default: Producer()].epoch += 1
    return producers[id]!.epoch
  }

  /// AddPartitionsToTxn without records, as a late copy of it is.
  func open(_ id: Int, _ epoch: Int) -> Refusal? {
    guard producers[id]?.epoch == epoch else { return .fenced }
    if producers[id]!.transaction == nil {
      transactionCount += 1
      let number = transactionCount
      producers[id]!.transaction = Transaction(number: number)
      // The time-out is looked at from time to time.
      world.after(Self.transactionTimeout + world.upTo(10_000_000)) { [self] in expire(id, number) }
    }
    return nil
  }

  func produce(_ id: Int, _ epoch: Int, _ produced: [PublishedOutcome]) -> Refusal? {
    if let refusal = open(id, epoch) { return refusal }
    producers[id]!.transaction!.outcomes += produced
    return nil
  }

  /// AddOffsetsToTxn.
  func addGroup(_ id: Int, _ epoch: Int) -> Refusal? {
    if let refusal = open(id, epoch) { return refusal }
    producers[id]!.transaction!.hasGroup = true
    return nil
  }

  /// TxnOffsetCommit.
  func addOffsets(
    _ id: Int, _ epoch: Int, _ credentials: Group.Credentials, _ commits: [PartitionCommit]
  ) -> Refusal? {
    guard producers[id]?.epoch == epoch else { return .fenced }
    guard producers[id]!.transaction?.hasGroup == true else { return .state }
    guard group.accepts(credentials) else { return .membership }
    for commit in commits {
      let partition = Int(commit.partition)
      producers[id]!.transaction!.offsets.removeAll { $0.partition == partition }
      producers[id]!.transaction!.offsets.append((partition, Self.committed(commit)))
    }
    return nil
  }

  /// EndTxn.
  func end(_ id: Int, _ epoch: Int, commits: Bool) -> Refusal? {
    guard producers[id]?.epoch == epoch else { return .fenced }
    guard let transaction = producers[id]!.transaction else { return .state }
    producers[id]!.transaction = nil
    if commits {
      for outcome in transaction.outcomes { publish(outcome) }
      for (partition, committed) in transaction.offsets { apply(committed, to: partition) }
    }
    return nil
  }

  private func abort(_ id: Int) { producers[id]?.transaction = nil }

  private func expire(_ id: Int, _ number: Int) {
    guard producers[id]?.transaction?.number == number else { return }
    world.note("transaction \(id)/\(number) timed out")
    abort(id)
    producers[id]!.epoch += 1
  }

  /// A transaction that is open holds the answer back.
  func isUnstable(_ partition: Int) -> Bool {
    producers.values.contains { $0.transaction?.offsets.contains { $0.partition == partition } ?? false }
  }

  var hasOpenTransaction: Bool { producers.values.contains { $0.transaction != nil } }

  // MARK: Without transactions

  func publish(_ outcome: PublishedOutcome) {
    outcomes[outcome.partition].append(outcome)
    if resolved[outcome.partition].insert(outcome.offset).inserted { resolvedCount += 1 }
    onOutcome(outcome)
  }

  func commit(_ credentials: Group.Credentials, _ commits: [PartitionCommit]) -> Refusal? {
    guard group.accepts(credentials) else { return .membership }
    for commit in commits { apply(Self.committed(commit), to: Int(commit.partition)) }
    return nil
  }

  // MARK: Offsets

  private static func committed(_ commit: PartitionCommit) -> Committed {
    guard let log = RecoveryLogCodec.decode(commit.metadata) else {
      preconditionFailure("a recovery log can be read by whoever wrote it")
    }
    return Committed(offset: commit.committedOffset, metadata: commit.metadata, log: log)
  }

  private func apply(_ new: Committed, to partition: Int) {
    if let before = committed[partition], new.offset < before.offset {
      world.violated("V9: C of partition \(partition) fell from \(before.offset) to \(new.offset)")
    }
    let start = committed[partition]?.offset ?? 0
    let records = input.partitions[partition].records
    for index in input.partitions[partition].index(of: start)..<records.count {
      guard records[index].offset < new.offset else { break }
      if !resolved[partition].contains(records[index].offset) {
        world.violated(
          "V9: C of partition \(partition) passed \(records[index].offset), which has no outcome")
      }
    }
    world.note(
      "committed: partition \(partition), C \(new.offset), K \(new.log.ceiling), token \(new.log.token.process)-\(new.log.token.counter)"
    )
    committed[partition] = new
    highestCeiling[partition] = max(highestCeiling[partition], new.log.ceiling)
  }
}
