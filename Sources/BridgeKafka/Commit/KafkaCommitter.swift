package import BridgeCore
import Glibc

/// Publishes outcomes and commits, on a thread of its own: transaction calls block for seconds in outages. The loop's
/// calls never do, except `prepare` and `stop`.
package struct KafkaCommitter: ~Copyable {
  /// The token that a partition's committed metadata carries; nil for none, or for metadata that is not ours.
  package typealias TokenReader = @Sendable ([UInt8]) -> WriterToken?

  private let desk: CommitterDesk
  private let notices: KafkaNotices
  private let thread: pthread_t
  private var isRunning = true

  package init(
    _ settings: KafkaSettings, membership: GroupMembership, notices: KafkaNotices,
    tokenOf: @escaping TokenReader
  ) throws(FatalFault) {
    let desk = try CommitterDesk()
    let start = CommitterStart(
      settings: settings, desk: desk, membership: membership, notices: notices, tokenOf: tokenOf)
    guard let thread = start.launch() else {
      throw FatalFault(.stuck, "The committer's thread could not be started.")
    }
    self.desk = desk
    self.notices = notices
    self.thread = thread
  }

  deinit {
    guard isRunning else { return }
    // Nobody waits for it; it ends by itself at the next chance.
    desk.stop(at: .now)
    pthread_detach(thread)
  }

  /// Before the group is joined: makes the producer, and with transactions ends what a predecessor left open, which
  /// takes half a second instead of the transaction time-out.
  package mutating func prepare(timeout: TimeSpan) throws(FatalFault) {
    let deadline = MonotonicTime.now + timeout
    desk.prepare(until: deadline)
    while true {
      switch desk.takePreparation() {
      case .ready: return
      case .failed(let fault): throw fault
      case nil: break
      }
      // One call of the library may run over the deadline.
      guard MonotonicTime.now < deadline + KafkaTimes.slice + KafkaTimes.slice else {
        throw FatalFault(.brokerUnreachable, "Kafka did not make the producer ready in time.")
      }
      desk.prepared.wait(atMost: .milliseconds(200))
    }
  }

  /// An eventfd, readable while there are answers.
  package var descriptor: Int32 { desk.answers.descriptor }

  /// Asks what is committed for the partitions of an assignment. A newer question makes an older one void.
  package mutating func recover(_ partitions: [PartitionIndex], epoch: Epoch) {
    desk.recover(partitions, epoch: epoch)
  }

  /// Publishes and commits a batch; there is none under way.
  package mutating func submit(_ batch: consuming CommitBatch) { desk.submit(batch) }

  package mutating func nextAnswer() -> CommittingAnswer? { desk.nextAnswer() }

  package mutating func nextNotice() -> KafkaNotice? { notices.next() }

  /// When the thread last came out of the library. After a minute it never does: seen with a transaction's calls whose
  /// answers were lost.
  package var lastSignAt: MonotonicTime { desk.lastSignAt }

  package var standing: CommitterStanding {
    var standing = CommitterStanding()
    standing.producerRecreationCount = desk.producerRecreationCount
    return standing
  }

  /// Ends the thread and its clients. A batch under way is finished if `deadline` allows; its answer can be fetched
  /// afterwards. False if the thread did not come back: then only the end of the process helps.
  package mutating func stop(deadline: MonotonicTime) -> Bool {
    guard isRunning else { return true }
    desk.stop(at: deadline)
    let limit = max(deadline, .now) + Self.destructionLimit
    while !desk.hasEnded {
      guard MonotonicTime.now < limit else { return false }
      desk.ended.wait(atMost: .milliseconds(200))
    }
    pthread_join(thread, nil)
    isRunning = false
    return true
  }

  /// How long the clients may take to go.
  private static let destructionLimit = TimeSpan.seconds(5)
}

/// What the committer's thread is given.
private final class CommitterStart: Sendable {
  let settings: KafkaSettings
  let desk: CommitterDesk
  let membership: GroupMembership
  let notices: KafkaNotices
  let tokenOf: KafkaCommitter.TokenReader

  init(
    settings: KafkaSettings, desk: CommitterDesk, membership: GroupMembership, notices: KafkaNotices,
    tokenOf: @escaping KafkaCommitter.TokenReader
  ) {
    self.settings = settings
    self.desk = desk
    self.membership = membership
    self.notices = notices
    self.tokenOf = tokenOf
  }

  /// The clients are gone when it returns.
  private func work() {
    var work = CommitterWork(
      settings: settings, desk: desk, membership: membership, notices: notices, tokenOf: tokenOf)
    work.run()
  }

  func launch() -> pthread_t? {
    var thread = pthread_t()
    let place = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { place in
        guard let place else { return nil }
        let start = Unmanaged<CommitterStart>.fromOpaque(place).takeRetainedValue()
        start.work()
        start.desk.end()
        return nil
      }, place.toOpaque())
    guard code == 0 else {
      place.release()
      return nil
    }
    return thread
  }
}
