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

  /// What befalls a request of which the head has come.
  mutating func fateAtHead() -> ConnectionFate? {
    guard let fault = hit(.head, where: { _ in true }), case .connection(let fate, _) = fault.effect else {
      return nil
    }
    return fate
  }

  /// After how many nanoseconds a connection that has just become idle is closed.
  mutating func idleLimit() -> Int64? {
    guard let fault = hit(.idleClose, where: { _ in true }),
      case .idleClose(let milliseconds) = fault.effect
    else { return nil }
    return Int64(generator.nextUnit() * Double(milliseconds * 1_000_000))
  }

  /// The faults that hit a request that was read. Answers and bans only replace the answer to a request that
  /// passed every check, so that a mistake of the client is never covered up; a proxy's page replaces any.
  mutating func hits(sid: Bytes?, messageID: Bytes?, passed: Bool) -> FaultHits {
    var hits = FaultHits()
    if faults.isEmpty { return hits }
    let matches = { (fault: borrowing Fault) -> Bool in
      if !passed && fault.effect.needsPassedRequest { return false }
      if let wanted = fault.sid, !(sid?.equals(wanted) ?? false) { return false }
      if let wanted = fault.messageID, !(messageID?.equals(wanted) ?? false) { return false }
      return true
    }
    hits.ending = hit(.ending, where: matches)
    hits.add(hit(.latency, where: matches))
    hits.add(hit(.gzip, where: matches))
    hits.add(hit(.chunked, where: matches))
    hits.add(hit(.drip, where: matches))
    return hits
  }

  private mutating func hit(_ sort: FaultSort, where matches: (borrowing Fault) -> Bool) -> Fault? {
    for index in 0..<faults.count where faults[index].effect.sort == sort && matches(faults[index]) {
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
    return PlannedAnswer(content: .error(code: 7, subCode: banSubCode, subMessage: message))
  }
}

/// The faults that hit one request.
struct FaultHits {
  var ending: Fault?
  var latencyMilliseconds: Int64?
  var manner = AnswerManner()
  private var mannerExecutes = true

  /// Whether a message that passed every check was executed.
  var execute: Bool { mannerExecutes && (ending?.executes ?? true) }

  mutating func add(_ fault: Fault?) {
    guard let fault else { return }
    mannerExecutes = mannerExecutes && fault.executes
    switch fault.effect {
    case .latency(let milliseconds): latencyMilliseconds = milliseconds
    case .gzip: manner.isGzipped = true
    case .chunked: manner.isChunked = true
    case .drip(let milliseconds): manner.dripNanoseconds = milliseconds * 1_000_000
    case .answer, .ban, .connection, .idleClose: break
    }
  }
}

extension FaultEffect {
  fileprivate var needsPassedRequest: Bool {
    switch self {
    case .ban: return true
    case .answer(let answer):
      if case .page = answer.content { return false }
      return true
    case .connection, .latency, .gzip, .chunked, .drip, .idleClose: return false
    }
  }
}
