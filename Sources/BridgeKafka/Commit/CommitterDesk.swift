import BridgeCore
import Glibc
import Synchronization

/// Where the loop and the committer's thread meet.
final class CommitterDesk: Sendable {
  enum Work {
    /// Make the producer ready before the group is joined.
    case prepare(until: MonotonicTime)
    case commit(CommitBatch)
    /// Stays on the desk until it is answered.
    case recover(RecoveryRequest)
    case nothing
    case stop
  }

  struct RecoveryRequest: Sendable {
    var partitions: [PartitionIndex]
    var epoch: Epoch
    var askedAt: MonotonicTime
    /// Tells it from a newer one.
    var number: Int
  }

  enum Preparation: Sendable {
    case ready
    case failed(FatalFault)
  }

  private struct Papers {
    var prepareUntil: MonotonicTime?
    var preparation: Preparation?
    var batch: CommitBatch?
    var recovery: RecoveryRequest?
    var recoveryCount = 0
    var answers: [CommittingAnswer] = []
    var stopAt: MonotonicTime?
  }
  private let papers = Mutex(Papers())
  /// Looked at every turn of the loop, so the common answer "none" takes no lock.
  private let answerCount = Atomic<Int>(0)
  private let work: WakeSignal
  let answers: WakeSignal
  let prepared: WakeSignal
  /// The thread has nothing more to do and its clients are gone.
  let ended: WakeSignal
  private let isEnded = Atomic<Bool>(false)
  private let recreationCount = Atomic<Int>(0)
  /// Microseconds of the monotonic clock.
  private let signedAt = Atomic<Int64>(MonotonicTime.now.microseconds)

  init() throws(FatalFault) {
    work = try WakeSignal()
    answers = try WakeSignal()
    prepared = try WakeSignal()
    ended = try WakeSignal()
  }

  // MARK: the loop's side

  func prepare(until deadline: MonotonicTime) {
    papers.withLock { state in
      state.prepareUntil = deadline
      state.preparation = nil
    }
    _ = prepared.clear()
    work.raise()
  }

  func takePreparation() -> Preparation? { papers.withLock { $0.preparation } }

  func submit(_ batch: consuming CommitBatch) {
    var batch = Optional(batch)
    papers.withLock { state in
      precondition(state.batch == nil, "one batch at a time")
      state.batch = batch.take()
    }
    work.raise()
  }

  func recover(_ partitions: [PartitionIndex], epoch: Epoch) {
    papers.withLock { state in
      state.recoveryCount += 1
      state.recovery = RecoveryRequest(
        partitions: partitions, epoch: epoch, askedAt: .now, number: state.recoveryCount)
    }
    work.raise()
  }

  func nextAnswer() -> CommittingAnswer? {
    guard answerCount.load(ordering: .acquiring) > 0 else { return nil }
    return papers.withLock { state in
      guard !state.answers.isEmpty else { return nil }
      let first = state.answers.removeFirst()
      answerCount.store(state.answers.count, ordering: .releasing)
      if state.answers.isEmpty { _ = answers.clear() }
      return first
    }
  }

  /// A batch under way may go on until `deadline`.
  func stop(at deadline: MonotonicTime) {
    papers.withLock { $0.stopAt = deadline }
    work.raise()
  }

  /// When the thread last came out of the library. Its calls last some seconds each, also while no broker answers.
  var lastSignAt: MonotonicTime { MonotonicTime(microseconds: signedAt.load(ordering: .relaxed)) }

  var producerRecreationCount: Int { recreationCount.load(ordering: .relaxed) }

  var hasEnded: Bool { isEnded.load(ordering: .acquiring) }

  // MARK: the thread's side

  func producerRecreated() { recreationCount.add(1, ordering: .relaxed) }

  func end() {
    isEnded.store(true, ordering: .releasing)
    ended.raise()
  }

  /// The next piece of work, waiting at most `span` for one.
  func next(within span: TimeSpan) -> Work {
    sign()
    let found = take()
    if case .nothing = found {
      work.wait(atMost: span)
      _ = work.clear()
      return take()
    }
    return found
  }

  private func take() -> Work {
    papers.withLock { state in
      if let batch = state.batch.take() { return .commit(batch) }
      if state.stopAt != nil { return .stop }
      if let deadline = state.prepareUntil.take() { return .prepare(until: deadline) }
      if let request = state.recovery { return .recover(request) }
      return .nothing
    }
  }

  func finish(_ preparation: Preparation) {
    papers.withLock { $0.preparation = preparation }
    prepared.raise()
  }

  /// Raised under the lock: an answer that was taken before would leave the signal raised for nobody, and whoever waits
  /// for it would never sleep again.
  func answer(_ answer: CommittingAnswer) {
    papers.withLock { state in
      state.answers.append(answer)
      answerCount.store(state.answers.count, ordering: .releasing)
      answers.raise()
    }
  }

  /// Answers a recovery unless a newer question has made it void.
  func answer(_ request: RecoveryRequest, _ partitions: [RecoveredPartition]) {
    let isPresent = papers.withLock { state in
      guard state.recovery?.number == request.number else { return false }
      state.recovery = nil
      return true
    }
    if isPresent { answer(.recovery(RecoveryAnswer(epoch: request.epoch, partitions: partitions))) }
  }

  /// A batch waits to be committed.
  var hasBatch: Bool { papers.withLock { $0.batch != nil } }

  /// The time to give up has come. Asked between any two calls into the library, so asking is a sign of life, too.
  var isOver: Bool {
    sign()
    return papers.withLock { $0.stopAt.map { MonotonicTime.now >= $0 } ?? false }
  }

  private func sign() { signedAt.store(MonotonicTime.now.microseconds, ordering: .relaxed) }

  /// Lets time pass between two tries, but no longer than until it is time to give up.
  func pause(_ span: TimeSpan) {
    let end = MonotonicTime.now + span
    while !isOver {
      let left = end - .now
      guard left > .zero else { return }
      usleep(UInt32(clamping: min(left, .milliseconds(50)).microseconds))
    }
  }
}
