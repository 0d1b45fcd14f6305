package import BridgeCore
import Outcomes

/// Which outcomes are wanted; an empty list wants all.
package struct OutcomeFilter: Sendable {
  package var kinds: Set<OutcomeKind> = []
  package var errorClasses: Set<ErrorClass> = []
  /// Conversations.
  package var sids: Set<String> = []
  package var messageIDs: Set<String> = []
  /// Of `finished_at`: the first that is wanted.
  package var since: WallTime?
  /// The first that is not.
  package var until: WallTime?

  package init() {}

  /// Kafka takes a record after its outcome is finished, so whatever is wanted lies behind the offset for this time.
  /// The margin is for clocks that differ. Nil: reading begins at the beginning.
  package var firstRecordTime: WallTime? {
    since.map { WallTime(milliseconds: $0.milliseconds - Self.clockMargin.milliseconds) }
  }

  private static let clockMargin = TimeSpan.seconds(60)

  /// There is no such bound at the end: an outcome may be published long after it was finished.
  package func wants(_ outcome: OutcomeMembers, _ kind: OutcomeKind) -> Bool {
    guard kinds.isEmpty || kinds.contains(kind) else { return false }
    if since != nil || until != nil {
      guard let finishedAt = outcome.number("finished_at") else { return false }
      if let since, finishedAt < since.milliseconds { return false }
      if let until, finishedAt >= until.milliseconds { return false }
    }
    if !errorClasses.isEmpty {
      guard let name = outcome.text("error", "class"),
        errorClasses.contains(where: { "\($0.name)" == name })
      else { return false }
    }
    return Self.allows(sids, outcome, "sid") && Self.allows(messageIDs, outcome, "message_id")
  }

  private static func allows(_ wanted: Set<String>, _ outcome: OutcomeMembers, _ name: String) -> Bool {
    guard !wanted.isEmpty else { return true }
    return outcome.text(name).map { wanted.contains($0) } ?? false
  }
}
