/// What somebody decides about a partition that is not started.
package enum OffsetsDecision: Sendable, Equatable {
  /// Nothing from `offset` on was ever sent. Nil: the offset that something else has committed.
  case adopt(at: RecordOffset?)
  /// What has an outcome is done; everything else from `start` on may have been sent. Nil: from the start of the
  /// partition on.
  case repair(from: RecordOffset?)
  /// Records below get no outcome any more.
  case skip(to: RecordOffset)
}

/// What a decision comes to: the recovery log that is written, and what that means for the records.
package struct DecidedPartition: Sendable, Equatable {
  package var log: RecoveryLog
  /// Offsets that get no outcome because of it. Marks of transactions may be among them.
  package var withoutOutcomeCount: RecordOffset
  /// Offsets that count as possibly sent.
  package var possiblySentCount: RecordOffset
}

/// Why a decision is not carried out.
package enum DecisionRefusal: Error, Sendable, Equatable {
  /// The partition goes on by itself.
  case isStarted
  /// Nothing of it was ever done: it begins at its start position.
  case isFresh
  /// No recovery log changes anything about it.
  case notDecidable(UndecidedReason)
  /// Adopting needs an offset: none is committed that could be taken.
  case offsetNeeded
  case outOfLog(RecordOffset, start: RecordOffset, end: RecordOffset)
  /// Skipping goes forward only.
  case behindCommitted(RecordOffset, committed: RecordOffset)
  /// There are outcomes of offsets that the partition does not have: they are of another topic of the same name.
  case outcomesBeyondEnd(highest: RecordOffset)
  /// `fitsFrom`: the lowest start from which it would fit.
  case doesNotFit(unresolvedCount: Int, window: RecordOffset, fitsFrom: RecordOffset)
}

/// Makes recovery logs of decisions. Pure: what Kafka holds goes in, the log comes out.
package struct OffsetsDecider: Sendable {
  private let found: RecoveredPartition
  private let limits: RecoveryLogLimits
  private let token: WriterToken
  private let firstPartitionCount: Int32

  /// Nobody knows what decided whether an event was valid: one that is not valid now may have been sent.
  private static let unknownFingerprint: UInt32 = 0

  /// `firstPartitionCount`: of the group's readable recovery logs, 0 if there is none.
  package init(
    _ found: RecoveredPartition, limits: RecoveryLogLimits, token: WriterToken, firstPartitionCount: Int32
  ) {
    self.found = found
    self.limits = limits
    self.token = token
    self.firstPartitionCount = firstPartitionCount
  }

  /// Why nothing can be decided here; nil if it can.
  package var refusal: DecisionRefusal? {
    switch found.standing(within: limits.characters) {
    case .continues: .isStarted
    case .fresh: .isFresh
    case .undecided(let reason):
      switch reason {
      case .foreignOffset, .damagedRecoveryLog, .beyondEndOfLog, .beforeStartOfLog, .outcomesWithoutOffset:
        nil
      case .recoveryLogTooLong, .takenOver, .resultsUnread, .resultPartitionMissing, .noStartPosition:
        .notDecidable(reason)
      }
    }
  }

  /// The recovery log is readable and only lies before the start of the partition: it still says what was done.
  package var readableLog: RecoveryLog? {
    switch found.standing(within: limits.characters) {
    case .undecided(.beforeStartOfLog): RecoveryLogCodec.decode(found.metadata)
    case .continues, .fresh, .undecided: nil
    }
  }

  // MARK: adopt

  package func adopt(at offset: RecordOffset?) throws(DecisionRefusal) -> DecidedPartition {
    if let refusal { throw refusal }
    let isForeign = found.standing(within: limits.characters) == .undecided(.foreignOffset)
    guard let start = offset ?? (isForeign ? found.committedOffset : nil) else {
      throw .offsetNeeded
    }
    try checkInside(start)
    return DecidedPartition(
      log: log(from: start, ceiling: start), withoutOutcomeCount: 0, possiblySentCount: 0)
  }

  // MARK: repair

  /// Where a repair begins to look.
  package func repairStart(from offset: RecordOffset?) throws(DecisionRefusal) -> RecordOffset {
    if let refusal { throw refusal }
    try checkInside(offset ?? found.logStart)
    return offset ?? found.logStart
  }

  /// `resolved`: offsets from `start` on that have an outcome. `open`: records from `start` on, up to the highest of
  /// those, that have none; both ascending. Whatever lies behind has none either.
  package func repair(
    from start: RecordOffset, resolved: OffsetSet, open: [RecordOffset]
  ) throws(DecisionRefusal) -> DecidedPartition {
    if let refusal { throw refusal }
    if let highest = resolved.highest, highest >= found.logEnd { throw .outcomesBeyondEnd(highest: highest) }
    let behindAll = max(start, (resolved.highest ?? start - 1) + 1)
    let committed = open.first ?? behindAll
    let highest = resolved.highest.flatMap { $0 >= committed ? $0 : nil }
    var log = log(from: committed, ceiling: found.logEnd)
    log.highestPublished = highest
    if highest != nil { log.unresolved = open }
    guard fits(log) else {
      throw .doesNotFit(
        unresolvedCount: open.count, window: (highest ?? committed) - committed + 1,
        fitsFrom: lowestFittingStart(open, highest: highest ?? committed))
    }
    let sent = log.possiblySent(below: found.logEnd).reduce(0) { $0 + RecordOffset($1.count) }
    return DecidedPartition(log: log, withoutOutcomeCount: 0, possiblySentCount: sent)
  }

  private func fits(_ log: RecoveryLog) -> Bool {
    let window = (log.highestPublished ?? log.committedOffset) - log.committedOffset
    return log.unresolved.count <= limits.unresolvedPerPartition && window <= limits.windowOffsets
      && RecoveryLogCodec.encode(log, limit: limits.characters) != nil
  }

  private func lowestFittingStart(_ open: [RecordOffset], highest: RecordOffset) -> RecordOffset {
    let surplus = max(0, open.count - limits.unresolvedPerPartition)
    for (index, offset) in open.enumerated().dropFirst(surplus) {
      var log = log(from: offset, ceiling: found.logEnd)
      log.highestPublished = highest
      log.unresolved = Array(open[index...])
      if fits(log) { return offset }
    }
    return highest + 1
  }

  // MARK: skip

  /// With a readable recovery log: what it says about records from `offset` on stays.
  package func skip(to offset: RecordOffset, of old: RecoveryLog) throws(DecisionRefusal) -> DecidedPartition
  {
    if let refusal { throw refusal }
    try checkInside(offset)
    guard offset >= old.committedOffset else {
      throw .behindCommitted(offset, committed: old.committedOffset)
    }
    var log = old
    log.token = token
    log.committedOffset = offset
    log.ceiling = max(old.ceiling, offset)
    log.highestPublished = old.highestPublished.flatMap { $0 >= offset ? $0 : nil }
    log.unresolved = log.highestPublished == nil ? [] : old.unresolved.filter { $0 >= offset }
    let skipped = offset - old.committedOffset
    let published =
      old.highestPublished.map { highest in
        min(highest + 1, offset) - old.committedOffset
          - RecordOffset(old.unresolved.count { $0 < min(highest, offset) })
      } ?? 0
    let sent = log.possiblySent(below: found.logEnd).reduce(0) { $0 + RecordOffset($1.count) }
    return DecidedPartition(log: log, withoutOutcomeCount: skipped - published, possiblySentCount: sent)
  }

  /// Where to begin to count what a skip without a readable recovery log leaves without an outcome.
  package func skipStart(to offset: RecordOffset) throws(DecisionRefusal) -> RecordOffset {
    if let refusal { throw refusal }
    try checkInside(offset)
    return found.logStart
  }

  // MARK: parts

  private func log(from start: RecordOffset, ceiling: RecordOffset) -> RecoveryLog {
    RecoveryLog(
      token: token, committedOffset: start, ceiling: ceiling, firstPartitionCount: firstPartitionCount,
      validityFingerprint: Self.unknownFingerprint)
  }

  private func checkInside(_ offset: RecordOffset) throws(DecisionRefusal) {
    guard offset >= found.logStart, offset <= found.logEnd else {
      throw .outOfLog(offset, start: found.logStart, end: found.logEnd)
    }
  }
}

/// Offsets of one partition, a bit for each from the first on.
package struct OffsetSet: Sendable, Equatable {
  /// A span of more offsets is not held: 128 MiB of bits.
  package static let spanLimit: RecordOffset = 1 << 30

  package let start: RecordOffset
  private var words: [UInt64] = []
  package private(set) var highest: RecordOffset?
  package private(set) var count = 0

  package init(from start: RecordOffset) { self.start = start }

  /// False if it lies too far behind the start; what lies before it is passed over.
  package mutating func insert(_ offset: RecordOffset) -> Bool {
    guard offset >= start else { return true }
    guard offset - start < Self.spanLimit else { return false }
    let index = Int(offset - start)
    while words.count <= index / 64 { words.append(0) }
    let bit: UInt64 = 1 << UInt64(index % 64)
    if words[index / 64] & bit == 0 { count += 1 }
    words[index / 64] |= bit
    highest = max(highest ?? offset, offset)
    return true
  }

  package func contains(_ offset: RecordOffset) -> Bool {
    guard offset >= start, offset - start < RecordOffset(words.count) * 64 else { return false }
    let index = Int(offset - start)
    return words[index / 64] & (1 << UInt64(index % 64)) != 0
  }

  /// The same from a later offset on.
  package func dropping(below offset: RecordOffset) -> OffsetSet {
    var rest = OffsetSet(from: max(start, offset))
    guard let highest, highest >= rest.start else { return rest }
    for candidate in rest.start...highest where contains(candidate) { _ = rest.insert(candidate) }
    return rest
  }

  /// The first offset from the start on that is not in it.
  package var firstGap: RecordOffset {
    guard let word = words.firstIndex(where: { $0 != .max }) else {
      return start + RecordOffset(words.count) * 64
    }
    return start + RecordOffset(word * 64 + (~words[word]).trailingZeroBitCount)
  }
}
