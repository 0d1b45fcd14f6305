// For people: what a recovery log says about a partition.
extension RecoveryLog {
  /// P: offsets at or above C that have their outcome, marks of transactions among them.
  package var publishedCount: RecordOffset {
    highestPublished.map { $0 - committedOffset + 1 - RecordOffset(unresolved.count) } ?? 0
  }

  /// Offsets below K that have no outcome: whoever takes over has to take them for sent. Ascending, not overlapping.
  package func possiblySent(below logEnd: RecordOffset) -> [Range<RecordOffset>] {
    let end = min(ceiling, logEnd)
    var ranges: [Range<RecordOffset>] = []
    for offset in unresolved where offset < end {
      if let last = ranges.last, last.upperBound == offset {
        ranges[ranges.count - 1] = last.lowerBound..<offset + 1
      } else {
        ranges.append(offset..<offset + 1)
      }
    }
    let behind = max(committedOffset, (highestPublished ?? committedOffset - 1) + 1)
    if behind < end { ranges.append(behind..<end) }
    return ranges
  }
}
