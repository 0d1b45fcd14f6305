internal import BridgeCore
internal import ResultTopic

/// Which events of this demonstration have an outcome, and what the outcomes were. Outcomes of other events (somebody
/// tries one of his own, another demonstration uses the topics) are counted, but stand for none of ours.
struct DemoTally {
  /// Of ids that a sentence names.
  private static let namedLimit = 10

  private let ids: [String]
  private var countByID: [String: Int]
  private var outcomes = OutcomeSummary()
  private(set) var missingCount: Int

  init(expecting ids: [String]) {
    self.ids = ids
    countByID = Dictionary(uniqueKeysWithValues: ids.map { ($0, 0) })
    missingCount = ids.count
  }

  var totalCount: Int { outcomes.totalCount }

  /// `id`: of the event, where it is known.
  mutating func count(_ outcome: OutcomeMembers, _ kind: OutcomeKind, of id: String?) {
    outcomes.count(outcome, kind)
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

  var summary: String { outcomes.text(upper: 95) }
}
