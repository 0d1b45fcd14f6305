/// The share of the last outcomes that says: something is wrong with what we send, a person should look.
package struct BrakeSettings: Sendable {
  /// Off as long as nobody could release it.
  package var isOn = false
  /// Outcomes.
  package var window = 1_000
  /// In 1 000; more than that stops the line.
  package var share = 500

  package init() {}
}

/// Remembers which of the last outcomes were rejected or failed, and stops the line for good when those are too many.
struct Brake {
  private let settings: BrakeSettings
  /// One bit per outcome.
  private var bits: [UInt64]
  private var next = 0
  private(set) var badCount = 0
  private(set) var isPulled = false

  init(_ settings: BrakeSettings) {
    self.settings = settings
    bits = settings.isOn ? Array(repeating: 0, count: (settings.window + 63) / 64) : []
  }

  /// Whether this outcome stops the line. Only those count that the gateway has to do with: an invalid or expired
  /// event says nothing about what is sent.
  mutating func resolved(_ kind: OutcomeKind) -> Bool {
    guard settings.isOn, !isPulled else { return false }
    let isBad: Bool
    switch kind {
    case .delivered, .inDoubt: isBad = false
    case .rejected, .failed: isBad = true
    case .invalid, .expired: return false
    }
    let mask: UInt64 = 1 << UInt64(next & 63)
    let wasBad = bits[next >> 6] & mask != 0
    if isBad != wasBad {
      bits[next >> 6] ^= mask
      badCount += isBad ? 1 : -1
    }
    next = next + 1 == settings.window ? 0 : next + 1
    guard isBad, badCount * 1_000 > settings.window * settings.share else { return false }
    isPulled = true
    return true
  }

  /// Somebody has looked; what was, is forgotten.
  mutating func released() {
    isPulled = false
    badCount = 0
    for place in bits.indices { bits[place] = 0 }
  }
}
