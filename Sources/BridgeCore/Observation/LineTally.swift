/// What the loop has done since it began; never falls. Counting adds to arrays that are there already.
package struct LineTally: Sendable, Equatable {
  /// Records taken from the input topic.
  package private(set) var eventCount = 0
  /// Events whose key is another than their `sid`.
  package private(set) var keyMismatchCount = 0
  /// Outcomes that say `possible_duplicate`.
  package private(set) var possibleDuplicateCount = 0
  package private(set) var requestTimes = TimeHistogram()
  /// From the event's own time to its outcome.
  package private(set) var outcomeTimes = TimeHistogram()
  /// From the arrival of an event to its first request.
  package private(set) var queueTimes = TimeHistogram()
  package private(set) var transactionTimes = TimeHistogram()
  /// Outcomes that are durable.
  package private(set) var publishedCount = 0

  // Rows and columns by raw value; the first column of outcomes is for those without an error.
  private var outcomes = [Int](
    repeating: 0, count: OutcomeKind.allCases.count * (ErrorClass.allCases.count + 1))
  private var attempts = [Int](repeating: 0, count: VerdictClass.allCases.count * Effect.allCases.count)
  private var retries = [Int](repeating: 0, count: VerdictClass.allCases.count)
  private var batches = [Int](repeating: 0, count: BatchResult.allCases.count)
  private var rebalances = [Int](repeating: 0, count: RebalanceEvent.allCases.count)

  package init() {}

  /// Outcomes handed to the committer, whether or not they are durable yet.
  package func outcomeCount(of kind: OutcomeKind) -> Int {
    outcomes[Self.row(of: kind)..<Self.row(of: kind) + ErrorClass.allCases.count + 1].reduce(0, +)
  }

  /// `errorClass`: nil for outcomes without an error.
  package func outcomeCount(of kind: OutcomeKind, _ errorClass: ErrorClass?) -> Int {
    outcomes[Self.row(of: kind) + (errorClass.map { Int($0.rawValue) + 1 } ?? 0)]
  }

  package func attemptCount(of ruling: VerdictClass, _ effect: Effect) -> Int {
    attempts[Self.place(of: ruling, effect)]
  }

  /// Attempts after which the event was sent again.
  package func retryCount(after ruling: VerdictClass) -> Int { retries[Int(ruling.rawValue)] }
  package func batchCount(of result: BatchResult) -> Int { batches[Int(result.rawValue)] }
  package func rebalanceCount(of event: RebalanceEvent) -> Int { rebalances[Int(event.rawValue)] }

  // MARK: Counting

  package mutating func eventTaken(keyDiffers: Bool = false) {
    eventCount &+= 1
    if keyDiffers { keyMismatchCount &+= 1 }
  }

  package mutating func attemptEnded(_ verdict: Verdict, duration: TimeSpan, goesOn: Bool) {
    attempts[Self.place(of: verdict.ruling, verdict.effect)] &+= 1
    if goesOn { retries[Int(verdict.ruling.rawValue)] &+= 1 }
    requestTimes.record(duration)
  }

  /// `eventTime`: the event's own; nil if it has none.
  package mutating func outcomeRecorded(
    _ resolution: Resolution, _ course: DeliveryCourse, possibleDuplicate: Bool, eventTime: WallTime?
  ) {
    let column = resolution.error.map { Int($0.errorClass.rawValue) + 1 } ?? 0
    outcomes[Self.row(of: resolution.kind) + column] &+= 1
    if possibleDuplicate { possibleDuplicateCount &+= 1 }
    if let eventTime { outcomeTimes.record(course.finishedAt - eventTime) }
    if let sentAt = course.firstSentAt { queueTimes.record(sentAt - course.receivedAt) }
  }

  package mutating func batchEnded(_ result: BatchResult, duration: TimeSpan?, publishedCount count: Int) {
    batches[Int(result.rawValue)] &+= 1
    publishedCount &+= count
    if let duration { transactionTimes.record(duration) }
  }

  package mutating func rebalanced(_ event: RebalanceEvent) { rebalances[Int(event.rawValue)] &+= 1 }

  private static func row(of kind: OutcomeKind) -> Int {
    Int(kind.rawValue) * (ErrorClass.allCases.count + 1)
  }

  private static func place(of ruling: VerdictClass, _ effect: Effect) -> Int {
    Int(ruling.rawValue) * Effect.allCases.count + Int(effect.rawValue)
  }
}

/// What became of a whole batch.
package enum BatchResult: UInt8, Sendable, CaseIterable {
  case committed
  case notCommitted
  /// Somebody else owns one of its partitions.
  case takenOver

  package var name: StaticString {
    switch self {
    case .committed: "committed"
    case .notCommitted: "not_committed"
    case .takenOver: "taken_over"
    }
  }

  /// The worst of its parts.
  package init(of results: [CommitResult]) {
    self = .committed
    for result in results {
      switch result {
      case .committed: break
      case .notCommitted: if self == .committed { self = .notCommitted }
      case .takenOver: self = .takenOver
      }
    }
  }
}

/// What the group does with a member.
package enum RebalanceEvent: UInt8, Sendable, CaseIterable {
  case assigned, revoked, lost

  package var name: StaticString {
    switch self {
    case .assigned: "assigned"
    case .revoked: "revoked"
    case .lost: "lost"
    }
  }
}

extension WallTime {
  package static func - (later: Self, earlier: Self) -> TimeSpan {
    .milliseconds(later.milliseconds &- earlier.milliseconds)
  }
}
