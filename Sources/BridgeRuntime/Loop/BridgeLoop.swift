package import BridgeCore
package import ChatEvents
package import LippiAPI
package import Outcomes

/// The pieces that a record passes, made by whoever starts the loop.
package struct RecordPath: ~Copyable {
  package var decoder: EventDecoder
  package var requests: RequestEncoder
  package var classifier: AnswerClassifier
  package var outcomes: OutcomeEncoder

  package init(
    decoder: consuming EventDecoder, requests: consuming RequestEncoder,
    classifier: consuming AnswerClassifier,
    outcomes: consuming OutcomeEncoder
  ) {
    self.decoder = decoder
    self.requests = requests
    self.classifier = classifier
    self.outcomes = outcomes
  }
}

/// Drives the core over three ports: takes records, sends requests, has outcomes committed. One thread owns it and
/// calls `turn` whenever a port or a deadline wants something; nothing in it blocks, sleeps or reads a clock.
package final class BridgeLoop<
  Intake: IntakePort & ~Copyable, Gateway: GatewayPort & ~Copyable, Committing: CommittingPort & ~Copyable
> {
  enum Phase: Equatable {
    case running
    /// Requests end and outcomes become durable until the deadline.
    case draining(DrainCause, deadline: MonotonicTime)
    /// The group is being left.
    case leaving
    case ended(RuntimeEnding)
  }

  enum DrainCause: Equatable {
    case revoked
    case stopping
  }

  /// For whoever knows what has come.
  package var intake: Intake
  /// For whoever shows its statistics, too.
  package var gateway: Gateway
  /// For whoever stops its thread at the end.
  package var committing: Committing
  var engine: DeliveryEngine
  var path: RecordPath
  var slots = SlotTable<RecordSlot>(capacity: 1_024)
  var scratchAnswer = GatewayAnswer()
  var outbox = Outbox()
  var phase = Phase.running
  package internal(set) var tally = LineTally()
  var standing = LineStanding()
  var knownConnectFailureCount: Int64 = 0
  var sight = LoopSight()
  /// The group has given an assignment, perhaps an empty one, and has not taken it back.
  var isAssigned = false
  var missedDrain = false
  /// The group waits for the answer to a revocation.
  var owesRelease = false
  /// A queue was left with records in it: the next turn is to come at once.
  var hasMoreRecords = false
  let drainLimit: TimeSpan
  /// After the drain's deadline: how long outcomes may take to become durable.
  let finalCommitLimit: TimeSpan
  let notify: (RuntimeNotice) -> Void

  package init(
    intake: consuming Intake, gateway: consuming Gateway, committing: consuming Committing,
    engine: consuming DeliveryEngine, path: consuming RecordPath, drainLimit: TimeSpan,
    finalCommitLimit: TimeSpan, notify: @escaping (RuntimeNotice) -> Void
  ) {
    self.intake = intake
    self.gateway = gateway
    self.committing = committing
    self.engine = engine
    self.path = path
    self.drainLimit = drainLimit
    self.finalCommitLimit = finalCommitLimit
    self.notify = notify
  }

  /// Does everything that can be done now.
  package func turn(at now: Moment) {
    readMembership(at: now)
    readCommitAnswers(at: now)
    askAgain(at: now)
    gateway.turn(at: now)
    readReports(at: now)
    takeRecords(at: now)
    engine.timersFired(at: now)
    recordOutcomes(at: now)
    dispatch(at: now)
    submitBatch(at: now)
    advanceDrain(at: now)
  }

  /// When `turn` is to be called at the latest, whatever the ports do; nil: when a port wants it.
  package func nextWake(at now: Moment) -> MonotonicTime? {
    if hasMoreRecords { return now.monotonic }
    var wake = engine.nextWake(at: now.monotonic)
    if let deadline = gateway.nextDeadline { wake = wake.map { min($0, deadline) } ?? deadline }
    if case .draining(_, let deadline) = phase { wake = wake.map { min($0, deadline) } ?? deadline }
    return wake
  }

  /// Nil while it runs.
  package var ending: RuntimeEnding? {
    guard case .ended(let ending) = phase else { return nil }
    return ending
  }

  /// Stops taking records, finishes what is under way within the drain limit, leaves the group.
  package func stop(at now: Moment) {
    switch phase {
    case .running: startDrain(.stopping, at: now)
    case .draining(_, let deadline): phase = .draining(.stopping, deadline: deadline)
    case .leaving, .ended: break
    }
  }

  /// Requests are made by this encoder from now on.
  package func replaceRequests(_ requests: consuming RequestEncoder) { path.requests = requests }

  func fail(_ fault: FatalFault) {
    if case .ended = phase { return }
    phase = .ended(.failed(fault))
  }
}
