package import BridgeCore
import Synchronization

/// What the member of the group lets the committer know: as whom it may commit. One per process, given to both.
package final class GroupMembership: Sendable {
  private struct Standing {
    var epoch = Epoch(0)
    /// The group metadata in the library's own serialised form; nil while nothing may be committed.
    var credentials: [UInt8]?
  }
  private let standing = Mutex(Standing())
  let plainCommits: PlainCommitDesk

  package init() throws(FatalFault) { plainCommits = try PlainCommitDesk() }

  /// The present assignment; 0 before the first.
  package var epoch: Epoch { standing.withLock { $0.epoch } }

  func renew(epoch: Epoch, credentials: [UInt8]?) {
    standing.withLock { $0 = Standing(epoch: epoch, credentials: credentials) }
  }

  /// Kafka has refused these credentials: nothing is committed any more until the next rebalance. Others that were
  /// captured meanwhile stay.
  func void(_ refused: [UInt8]) {
    standing.withLock { state in
      if state.credentials == refused { state.credentials = nil }
    }
  }

  /// Nothing is committed any more until the next rebalance.
  func void(_ epoch: Epoch) {
    standing.withLock { state in
      if state.epoch == epoch { state.credentials = nil }
    }
  }

  /// Nil if `epoch` is not the present one, or if this member may not commit.
  func credentials(for epoch: Epoch) -> [UInt8]? {
    standing.withLock { $0.epoch == epoch ? $0.credentials : nil }
  }
}
