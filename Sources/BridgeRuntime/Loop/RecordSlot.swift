import BridgeCore
import ChatEvents
import LippiAPI
import Outcomes

/// What belongs to one unresolved record beside the core's state: the decoded event, the last answer, the log of its
/// attempts. Made once, used for one record after the other.
struct RecordSlot: ~Copyable {
  /// Entries of `attempt_log`.
  static let loggedAttemptLimit = 5

  var event = ChatEvent()
  var answer = GatewayAnswer()
  var attemptLog: [LoggedAttempt] = []
  var timestamp: WallTime?

  mutating func reset() {
    event.reset()
    answer.reset()
    if !attemptLog.isEmpty { attemptLog = [] }
    timestamp = nil
  }

  mutating func log(_ attempt: LoggedAttempt) {
    if attemptLog.count == Self.loggedAttemptLimit { attemptLog.removeFirst() }
    attemptLog.append(attempt)
  }
}
