package import BridgeCore
import Synchronization

/// Where the loop puts its latest snapshot and everybody else finds it.
package final class SnapshotBoard: Sendable {
  private let latest = Mutex<WorkerSnapshot?>(nil)

  package init() {}

  package func publish(_ snapshot: consuming WorkerSnapshot) {
    var next = Optional(consume snapshot)
    // The old one is freed outside of the lock.
    latest.withLock { swap(&$0, &next) }
  }

  /// Nil before the first.
  package var snapshot: WorkerSnapshot? { latest.withLock { $0 } }
}
