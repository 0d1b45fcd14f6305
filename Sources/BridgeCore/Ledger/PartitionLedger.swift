/// What is resolved in one partition during one assignment: a list, in offset order, of the records that were
/// delivered (or inherited as unresolved) and have no durable outcome yet. What is not listed and below the highest
/// delivered record has its outcome.
///
/// An entry is `awaited` (inherited, not delivered yet) → `unresolved` → `resolved` (its outcome waits for a batch)
/// → `publishing` (in the batch under way) → gone, or back to `resolved`.
package struct PartitionLedger {
  private enum Status: UInt8 {
    case free, awaited, unresolved, resolved, publishing
  }

  private struct Entry {
    var offset: RecordOffset
    var status: Status
    /// Handed to the gateway with unknown effect, by this process or a predecessor.
    var isAmbiguous: Bool
    /// This process has sent it.
    var isStarted = false
    var previous: Int32
    var next: Int32
  }

  /// What a delivered record is to the ledger.
  package enum Delivery: Equatable, Sendable {
    /// New; `inherited` = a predecessor may have sent it.
    case fresh(entry: Int32, inherited: Bool)
    /// Delivered before, below C, or already published.
    case dropped
  }

  private static let none: Int32 = -1

  private var entries: [Entry] = []
  private var freeEntries: [Int32] = []
  private var first = PartitionLedger.none
  private var last = PartitionLedger.none
  /// First of the awaited entries: they stand in front of everything delivered later.
  private var awaited = PartitionLedger.none

  /// Delivered and without an outcome, awaited ones not counted.
  package private(set) var unresolvedCount = 0
  /// Delivered, and with an outcome that is not durable.
  package private(set) var unpublishedCount = 0
  /// C, durable.
  package private(set) var committedOffset: RecordOffset
  /// K, durable.
  package private(set) var ceiling: RecordOffset
  /// K as this assignment has committed it itself; C before its first commit. What a predecessor committed is no leave
  /// to send: a member that the group has replaced without its knowing would read its successor's K.
  package private(set) var ownCeiling: RecordOffset
  /// K of the predecessor: what it had not published below was perhaps sent by it.
  package let inheritedCeiling: RecordOffset
  /// The predecessor's; nil without one.
  package let inheritedFingerprint: UInt32?
  private let inheritedHighest: RecordOffset
  /// Of the records delivered in this assignment; one below the start if none.
  package private(set) var highestDelivered: RecordOffset
  /// Durable; below C if nothing is published at or above it.
  private var highestPublished: RecordOffset
  /// Behind the last record that the consumer saw, by its end-of-partition event.
  private var endOfPartition: RecordOffset
  /// The token of the recovery log that is known to be committed.
  package private(set) var token: WriterToken?
  private var proposed: RecoveryLog?

  /// A partition whose recovery log was found.
  package init(recovered log: RecoveryLog) {
    committedOffset = log.committedOffset
    ceiling = log.ceiling
    ownCeiling = log.committedOffset
    inheritedCeiling = log.ceiling
    inheritedFingerprint = log.validityFingerprint
    highestPublished = log.highestPublished ?? log.committedOffset - 1
    inheritedHighest = highestPublished
    highestDelivered = log.committedOffset - 1
    endOfPartition = log.committedOffset
    token = log.token
    for offset in log.unresolved {
      let entry = append(offset, .awaited)
      if awaited == Self.none { awaited = entry }
    }
  }

  /// A partition that starts at `start` without a predecessor.
  package init(startingAt start: RecordOffset) {
    committedOffset = start
    ceiling = start
    ownCeiling = start
    inheritedCeiling = start
    inheritedFingerprint = nil
    highestPublished = start - 1
    inheritedHighest = start - 1
    highestDelivered = start - 1
    endOfPartition = start
    token = nil
  }

  // MARK: Facts

  package mutating func recordDelivered(_ offset: RecordOffset, breaking rule: BrokenRule? = nil) -> Delivery
  {
    guard offset > highestDelivered || (rule == .takesDeliveredAgain && isBehindAll(offset)),
      offset >= committedOffset
    else { return .dropped }
    highestDelivered = max(highestDelivered, offset)
    dropAwaited(below: offset)
    if awaited != Self.none, entries[Int(awaited)].offset == offset {
      let entry = awaited
      advanceAwaited()
      entries[Int(entry)].status = .unresolved
      unresolvedCount += 1
      return .fresh(entry: entry, inherited: offset < inheritedCeiling)
    }
    guard offset > inheritedHighest || (rule == .takesPublishedAgain && isBehindAll(offset)) else {
      return .dropped
    }
    let entry = append(offset, .unresolved)
    unresolvedCount += 1
    return .fresh(entry: entry, inherited: offset < inheritedCeiling)
  }

  /// Everything below `offset` was delivered: what is still awaited there no longer exists.
  package mutating func endReached(_ offset: RecordOffset) {
    endOfPartition = max(endOfPartition, offset)
    dropAwaited(below: offset)
  }

  /// An inherited record turned out not to have been sent by anybody.
  package mutating func wasNotSent(_ entry: Int32) { entries[Int(entry)].isAmbiguous = false }

  package mutating func attemptBecameAmbiguous(_ entry: Int32) { entries[Int(entry)].isAmbiguous = true }

  package mutating func resolve(_ entry: Int32) {
    precondition(entries[Int(entry)].status == .unresolved, "a record is resolved once")
    entries[Int(entry)].status = .resolved
    unresolvedCount -= 1
    unpublishedCount += 1
  }

  package mutating func attemptStarted(_ entry: Int32) { entries[Int(entry)].isStarted = true }

  /// The ceiling that lets the next `recordCount` records be sent that were not sent yet, in offset order, and no
  /// more: whatever lies below it when a worker is killed has to be taken for sent. If all delivered ones are fewer,
  /// room is left for `arrivalCount` to come.
  package func ceiling(for recordCount: Int, arrivalCount: RecordOffset) -> RecordOffset {
    var left = recordCount
    var entry = first
    while entry != Self.none {
      let candidate = entries[Int(entry)]
      if candidate.status == .unresolved, !candidate.isStarted {
        left -= 1
        if left == 0 { return candidate.offset + 1 }
      }
      entry = candidate.next
    }
    return highestDelivered + 1 + min(RecordOffset(left), arrivalCount)
  }

  // MARK: Commits

  /// The outcome of this entry goes into the batch that is being made.
  package mutating func include(_ entry: Int32) {
    precondition(entries[Int(entry)].status == .resolved, "an outcome is in one batch")
    entries[Int(entry)].status = .publishing
  }

  /// The recovery log for the batch being made. `raisedTo`: the wanted ceiling; it never falls here.
  package mutating func propose(
    token newToken: WriterToken, raisedTo wanted: RecordOffset, firstPartitionCount: Int32,
    validityFingerprint: UInt32, breaking rule: BrokenRule? = nil
  ) -> RecoveryLog {
    let raised = max(ceiling, wanted)
    if rule == .raisesCeilingBeforeCommit {
      ceiling = raised
      ownCeiling = raised
    }
    return propose(
      token: newToken, ceiling: raised, firstPartitionCount: firstPartitionCount,
      validityFingerprint: validityFingerprint)
  }

  /// The last recovery log of a drain, made when no request is out any more: the ceiling falls to just above what may
  /// have been sent.
  package mutating func proposeFinal(
    token newToken: WriterToken, firstPartitionCount: Int32, validityFingerprint: UInt32,
    breaking rule: BrokenRule? = nil
  ) -> RecoveryLog {
    var lowered = highestDelivered + 1 < inheritedCeiling ? inheritedCeiling : 0
    var entry = last
    while entry != Self.none {
      let candidate = entries[Int(entry)]
      let isOpen = candidate.status == .unresolved || candidate.status == .awaited
      if isOpen, candidate.isAmbiguous {
        lowered = max(lowered, candidate.offset + 1)
        break
      }
      entry = candidate.previous
    }
    if rule == .lowersCeilingTooFar { lowered = 0 }
    if rule == .keepsCeilingAtStop { lowered = ceiling }
    ceiling = min(ceiling, lowered)
    ownCeiling = min(ownCeiling, ceiling)
    return propose(
      token: newToken, ceiling: lowered, firstPartitionCount: firstPartitionCount,
      validityFingerprint: validityFingerprint)
  }

  private mutating func propose(
    token newToken: WriterToken, ceiling newCeiling: RecordOffset, firstPartitionCount: Int32,
    validityFingerprint: UInt32
  ) -> RecoveryLog {
    var open: [RecordOffset] = []
    var highest = highestPublished
    var entry = first
    while entry != Self.none {
      let candidate = entries[Int(entry)]
      switch candidate.status {
      case .awaited, .unresolved, .resolved: open.append(candidate.offset)
      case .publishing: highest = max(highest, candidate.offset)
      case .free: preconditionFailure("a free entry is not listed")
      }
      entry = candidate.next
    }
    // With nothing open, C may pass the markers of transactions behind the last record: lag reaches 0.
    let allDelivered = max(endOfPartition, highestDelivered + 1, inheritedHighest + 1)
    let newCommitted = max(committedOffset, open.first ?? allDelivered)
    let log = RecoveryLog(
      token: newToken, committedOffset: newCommitted, ceiling: newCeiling,
      highestPublished: highest >= newCommitted ? highest : nil,
      unresolved: highest >= newCommitted ? Array(open.prefix { $0 < highest }) : [],
      firstPartitionCount: firstPartitionCount, validityFingerprint: validityFingerprint)
    proposed = log
    return log
  }

  /// The batch is durable. `published` is called with the entry of each of its outcomes.
  package mutating func proposalCommitted(published: (Int32) -> Void = { _ in }) {
    guard let log = proposed else { preconditionFailure("a proposal is answered once") }
    proposed = nil
    committedOffset = log.committedOffset
    ceiling = log.ceiling
    ownCeiling = log.ceiling
    token = log.token
    highestPublished = max(highestPublished, log.highestPublished ?? log.committedOffset - 1)
    forEachPublishing {
      published($1)
      $0.unpublishedCount -= 1
      $0.remove($1)
    }
  }

  /// The batch had no effect: its outcomes wait again.
  package mutating func proposalRefused() {
    precondition(proposed != nil, "a proposal is answered once")
    proposed = nil
    forEachPublishing { $0.entries[Int($1)].status = .resolved }
  }

  /// Whether a commit would move C although no outcome waits.
  package var committedOffsetCanAdvance: Bool {
    first == Self.none && max(endOfPartition, highestDelivered + 1, inheritedHighest + 1) > committedOffset
  }

  /// From the first record without a durable outcome to the last delivered one; bounds the recovery log's size.
  package var windowLength: RecordOffset {
    let start = first == Self.none ? highestDelivered + 1 : entries[Int(first)].offset
    return max(0, highestDelivered - start + 1)
  }

  /// Delivered records without an outcome that a predecessor or this process may have sent.
  package var ambiguousCount: Int {
    var count = 0
    var entry = first
    while entry != Self.none {
      let candidate = entries[Int(entry)]
      if candidate.isAmbiguous, candidate.status == .awaited || candidate.status == .unresolved {
        count += 1
      }
      entry = candidate.next
    }
    return count
  }

  // MARK: The list

  private mutating func append(_ offset: RecordOffset, _ status: Status) -> Int32 {
    let made = Entry(
      offset: offset, status: status, isAmbiguous: offset < inheritedCeiling, previous: last, next: Self.none)
    let index: Int32
    if let reused = freeEntries.popLast() {
      entries[Int(reused)] = made
      index = reused
    } else {
      entries.append(made)
      index = Int32(entries.count - 1)
    }
    if last == Self.none { first = index } else { entries[Int(last)].next = index }
    last = index
    return index
  }

  private mutating func remove(_ entry: Int32) {
    let removed = entries[Int(entry)]
    if removed.previous == Self.none {
      first = removed.next
    } else {
      entries[Int(removed.previous)].next = removed.next
    }
    if removed.next == Self.none {
      last = removed.previous
    } else {
      entries[Int(removed.next)].previous = removed.previous
    }
    entries[Int(entry)].status = .free
    freeEntries.append(entry)
  }

  private func isBehindAll(_ offset: RecordOffset) -> Bool {
    last == Self.none || entries[Int(last)].offset < offset
  }

  private mutating func advanceAwaited() {
    var entry = entries[Int(awaited)].next
    while entry != Self.none, entries[Int(entry)].status != .awaited { entry = entries[Int(entry)].next }
    awaited = entry
  }

  private mutating func dropAwaited(below offset: RecordOffset) {
    while awaited != Self.none, entries[Int(awaited)].offset < offset {
      let gone = awaited
      advanceAwaited()
      remove(gone)
    }
  }

  private mutating func forEachPublishing(_ change: (inout PartitionLedger, Int32) -> Void) {
    var entry = first
    while entry != Self.none {
      let next = entries[Int(entry)].next
      if entries[Int(entry)].status == .publishing { change(&self, entry) }
      entry = next
    }
  }
}
