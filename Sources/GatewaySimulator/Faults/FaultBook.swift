/// The faults that stand, and the ban.
struct FaultBook: ~Copyable {
  static let faultLimit = 1024

  private var faults: [Fault] = []
  private var generator: SeededGenerator
  private var bannedUntil: Int64 = 0
  private var banSubCode: [UInt8] = []
  private var banSubMessage: [UInt8]?

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  var count: Int { faults.count }

  /// False when there are too many.
  mutating func add(_ fault: Fault) -> Bool {
    guard faults.count < Self.faultLimit else { return false }
    faults.append(fault)
    return true
  }

  /// Lifts the ban too.
  mutating func removeAll() {
    faults.removeAll()
    bannedUntil = 0
  }

  /// The fault that hits a request of which the head has come.
  mutating func hitBeforeRead() -> Fault? {
    hit { if case .connection(_, .beforeRead) = $0.effect { true } else { false } }
  }

  /// The fault that hits a request that was read. Answers and bans only replace the answer to a request that
  /// passed every check, so that a mistake of the client is never covered up.
  mutating func hit(sid: Bytes?, messageID: Bytes?, passed: Bool) -> Fault? {
    hit { fault in
      switch fault.effect {
      case .connection(_, .beforeRead): return false
      case .answer(.html), .latency, .connection: break
      case .answer, .ban: if !passed { return false }
      }
      if let wanted = fault.sid, !(sid?.equals(wanted) ?? false) { return false }
      if let wanted = fault.messageID, !(messageID?.equals(wanted) ?? false) { return false }
      return true
    }
  }

  private mutating func hit(_ matches: (borrowing Fault) -> Bool) -> Fault? {
    for index in 0..<faults.count where matches(faults[index]) {
      if faults[index].rate < 1 && generator.nextUnit() >= faults[index].rate { continue }
      let fault = faults[index]
      if let remaining = fault.remaining {
        faults[index].remaining = remaining - 1
        if remaining <= 1 { faults.remove(at: index) }
      }
      return fault
    }
    return nil
  }

  /// `now` in nanoseconds.
  mutating func beginBan(seconds: Int64, subCode: [UInt8], subMessage: [UInt8]?, now: Int64) {
    bannedUntil = now + seconds * 1_000_000_000
    banSubCode = subCode
    banSubMessage = subMessage
  }

  /// The answer of flow control while a ban stands.
  func banAnswer(now: Int64) -> PlannedAnswer? {
    guard now < bannedUntil else { return nil }
    let seconds = (bannedUntil - now + 999_999_999) / 1_000_000_000
    let message = banSubMessage ?? Array("This ban will last for \(seconds) more seconds".utf8)
    return .error(code: 7, subCode: banSubCode, subMessage: message)
  }
}
