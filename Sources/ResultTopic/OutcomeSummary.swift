package import BridgeCore

/// How many outcomes of each kind there were, and how long they took.
package struct OutcomeSummary {
  private var counts = [Int](repeating: 0, count: OutcomeKind.allCases.count)
  private var latencies = LatencyHistogram()
  package private(set) var possibleDuplicateCount = 0
  /// Records that are no outcomes.
  package private(set) var foreignCount = 0

  package init() {}

  package var totalCount: Int { counts.reduce(0, +) }

  package mutating func count(_ outcome: OutcomeMembers, _ kind: OutcomeKind) {
    count(
      kind, milliseconds: outcome.number("total_ms"),
      isPossibleDuplicate: outcome.isTrue("possible_duplicate"))
  }

  /// `milliseconds`: from event to outcome; nil where Kafka has no time of the event.
  package mutating func count(_ kind: OutcomeKind, milliseconds: Int64?, isPossibleDuplicate: Bool) {
    counts[Int(kind.rawValue)] += 1
    if let milliseconds { latencies.add(milliseconds) }
    if isPossibleDuplicate { possibleDuplicateCount += 1 }
  }

  package mutating func countForeign() { foreignCount += 1 }

  /// `upper`: the second quantile that is told, in percent.
  package func text(upper: Int) -> String {
    let found = OutcomeKind.allCases.filter { counts[Int($0.rawValue)] > 0 }
    let kinds = found.map { "\(counts[Int($0.rawValue)]) \($0.name)" }.joined(separator: ", ")
    var text = "\(totalCount) \(totalCount == 1 ? "outcome" : "outcomes")"
    if !kinds.isEmpty { text += ": \(kinds)" }
    if possibleDuplicateCount > 0 { text += "; \(possibleDuplicateCount) possible duplicates" }
    if foreignCount > 0 {
      text += "; \(foreignCount) \(foreignCount == 1 ? "record is no outcome" : "records are no outcomes")"
    }
    if let median = latencies.quantile(0.5), let high = latencies.quantile(Double(upper) / 100) {
      text += "; from event to outcome p50 \(median) ms, p\(upper) \(high) ms"
    }
    return text
  }
}
