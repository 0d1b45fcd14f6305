/// Ids of messages that were executed: the last ones, at least `generationLimit` of them.
struct TakenMessages {
  static let generationLimit = 500_000

  private var recent: Set<[UInt8]> = []
  private var older: Set<[UInt8]> = []

  /// False when the id is known.
  mutating func insert(_ messageID: Bytes) -> Bool {
    let id = Array(messageID)
    guard !older.contains(id), recent.insert(id).inserted else { return false }
    if recent.count >= Self.generationLimit {
      older = recent
      recent = []
    }
    return true
  }
}
