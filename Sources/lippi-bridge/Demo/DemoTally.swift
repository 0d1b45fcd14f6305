/// Which events of this demonstration have an outcome, and what the outcomes were. Outcomes of other events (somebody
/// tries one of his own, another demonstration uses the topics) are counted, but stand for none of ours.
struct DemoTally {
  /// Of ids that a sentence names.
  private static let namedLimit = 10

  private let ids: [String]
  private var countByID: [String: Int]
  private var countByOutcome: [String: Int] = [:]
  private var milliseconds: [Int] = []
  private(set) var missingCount: Int

  init(expecting ids: [String]) {
    self.ids = ids
    countByID = Dictionary(uniqueKeysWithValues: ids.map { ($0, 0) })
    missingCount = ids.count
  }

  var totalCount: Int { countByOutcome.values.reduce(0, +) }

  /// `id`: of the event, where it is known.
  mutating func count(_ row: OutcomeRow, of id: String?) {
    countByOutcome[row.outcome, default: 0] += 1
    if let spent = row.milliseconds { milliseconds.append(spent) }
    guard let id, let before = countByID[id] else { return }
    countByID[id] = before + 1
    if before == 0 { missingCount -= 1 }
  }

  /// Why not every event has its outcome; empty if all is well. `allowingRepeats`: the line promises at least one.
  func faults(allowingRepeats: Bool) -> [String] {
    let missing = ids.filter { countByID[$0] == 0 }
    let repeated = allowingRepeats ? [] : ids.filter { countByID[$0, default: 0] > 1 }
    return [
      sentence("have no outcome", missing), sentence("have more than one outcome", repeated),
    ].compactMap { $0 }
  }

  private func sentence(_ predicate: String, _ found: [String]) -> String? {
    guard !found.isEmpty else { return nil }
    let names = found.prefix(Self.namedLimit).joined(separator: ", ")
    return
      "\(found.count) of \(ids.count) events \(predicate): \(names)\(found.count > Self.namedLimit ? ", …" : "")"
  }

  var summary: String {
    let counts = countByOutcome.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      .joined(separator: ", ")
    let sorted = milliseconds.sorted()
    guard !sorted.isEmpty else { return "\(totalCount) outcomes: \(counts)" }
    let median = sorted[sorted.count / 2]
    let high = sorted[sorted.count * 95 / 100]
    return "\(totalCount) outcomes: \(counts); from event to outcome p50 \(median) ms, p95 \(high) ms"
  }
}
