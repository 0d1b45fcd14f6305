import BridgeCore
import Synchronization

/// Where the committer asks the member of the group to commit offsets without a transaction: only the member's own
/// client may, and that client is the loop's. One commit is in flight at most.
final class PlainCommitDesk: Sendable {
  struct Request: Sendable {
    var epoch: Epoch
    var partitions: [PartitionCommit]
  }

  enum Result: Sendable, Equatable {
    case committed
    /// A broker said no, or the epoch is over: nothing was committed.
    case refused(KafkaCode?)
    /// Nobody knows. The member leaves the group, so that a late copy comes to nothing.
    case unanswered
  }

  private struct Order {
    var request: Request?
    var result: Result?
  }
  private let order = Mutex(Order())
  private let hasRequest = Atomic<Bool>(false)
  /// Wakes the loop.
  private let loopDescriptor = Atomic<Int32>(-1)
  let answered: WakeSignal

  init() throws(FatalFault) { answered = try WakeSignal() }

  /// The loop's signal, or -1 when it goes.
  func connect(loop descriptor: Int32) { loopDescriptor.store(descriptor, ordering: .releasing) }

  func ask(_ request: Request) {
    order.withLock { $0 = Order(request: request) }
    hasRequest.store(true, ordering: .releasing)
    WakeSignal.raise(loopDescriptor.load(ordering: .acquiring))
  }

  /// For the loop, every turn.
  func nextRequest() -> Request? {
    guard hasRequest.load(ordering: .acquiring) else { return nil }
    hasRequest.store(false, ordering: .releasing)
    return order.withLock { state in
      defer { state.request = nil }
      return state.request
    }
  }

  func answer(_ result: Result) {
    order.withLock { $0.result = result }
    answered.raise()
  }

  func takeResult() -> Result? {
    _ = answered.clear()
    return order.withLock { state in
      defer { state.result = nil }
      return state.result
    }
  }
}
