internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import BridgeOps
internal import Dispatch
internal import Synchronization

/// Tells the status topic what happens, from a thread of its own: changes as the snapshots show them, and a heartbeat.
final class StatusReporter: Sendable {
  private static let lookInterval = TimeSpan.milliseconds(250)
  /// How long the last records may take when the worker stops.
  private static let lastRecordsLimit = TimeSpan.seconds(2)

  private struct Work: ~Copyable {
    var publisher: StatusPublisher
    var changes = StatusChanges()
  }

  private let board: SnapshotBoard
  private let identity: WorkerIdentity
  private let key: [UInt8]
  private let queue = DispatchQueue(label: "status")
  private let work: Mutex<Work>
  private let dropped = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)

  /// Nil without a status topic.
  init?(_ configuration: Configuration, _ board: SnapshotBoard, _ identity: WorkerIdentity) throws(FatalFault)
  {
    guard let topic = configuration.statusTopic else { return nil }
    self.board = board
    self.identity = identity
    key = Array(identity.instance.utf8)
    work = Mutex(Work(publisher: try StatusPublisher(configuration.kafkaSettings, topic: topic)))
    lookLater()
  }

  /// Records that Kafka did not take.
  var droppedCount: Int { dropped.load(ordering: .relaxed) }

  private func lookLater() {
    queue.asyncAfter(deadline: .now() + .milliseconds(Int(Self.lookInterval.milliseconds))) { [weak self] in
      guard let self, !self.isOver.load(ordering: .acquiring) else { return }
      self.look()
      self.lookLater()
    }
  }

  private func look() {
    guard let snapshot = board.snapshot else { return }
    let now = WorkerClock.now()
    let key = key
    let identity = identity
    let count = work.withLock { work in
      for change in work.changes.next(snapshot, at: now) {
        work.publisher.publish(key: key, value: change.json(identity, snapshot, at: now))
      }
      return work.publisher.serve()
    }
    dropped.store(count, ordering: .relaxed)
  }

  /// The last records: a state not told yet, and the end.
  func stop(exitCode: Int32) {
    look()
    guard !isOver.exchange(true, ordering: .acquiringAndReleasing), let snapshot = board.snapshot else {
      return
    }
    let now = WorkerClock.now()
    let stopped = StatusChange(what: .stopped, since: now.wall, code: Int64(exitCode))
    let value = stopped.json(identity, snapshot, at: now)
    let key = key
    work.withLock { work in
      work.publisher.publish(key: key, value: value)
      work.publisher.flush(atMost: Self.lastRecordsLimit)
    }
  }
}
