import Testing

@testable import BridgeCore

@Suite struct BrakeTests {
  private static func brake(window: Int, share: Int = 500) -> Brake {
    var settings = BrakeSettings()
    settings.isOn = true
    settings.window = window
    settings.share = share
    return Brake(settings)
  }

  @Test(
    arguments: [
      ([.rejected, .failed], false),
      ([.rejected, .failed, .rejected], true),
      ([.delivered, .rejected, .delivered, .failed], false),
      ([.rejected, .delivered, .failed, .rejected], true),
      // The oldest is forgotten.
      ([.rejected, .rejected, .delivered, .delivered, .delivered, .failed], false),
      // What the gateway has nothing to do with does not count at all.
      ([.rejected, .invalid, .expired, .rejected, .invalid, .rejected], true),
      ([.invalid, .invalid, .invalid, .expired, .expired, .inDoubt], false),
      ([.inDoubt, .inDoubt, .inDoubt, .inDoubt], false),
    ] as [([OutcomeKind], Bool)])
  func isPulled(_ outcomes: [OutcomeKind], _ isPulled: Bool) {
    var brake = Self.brake(window: 4)
    var pulls = 0
    for outcome in outcomes where brake.resolved(outcome) { pulls += 1 }
    #expect(brake.isPulled == isPulled)
    #expect(pulls == (isPulled ? 1 : 0))
  }

  @Test func overHalfOfAThousand() {
    var brake = Self.brake(window: 1_000)
    for _ in 0..<500 { _ = brake.resolved(.rejected) }
    #expect(!brake.isPulled)
    _ = brake.resolved(.rejected)
    #expect(brake.isPulled)
    brake.released()
    for _ in 0..<500 { _ = brake.resolved(.rejected) }
    #expect(!brake.isPulled)
  }

  @Test func isOffByItself() {
    var brake = Brake(BrakeSettings())
    for _ in 0..<5_000 { _ = brake.resolved(.rejected) }
    #expect(!brake.isPulled)
  }

  @Test func countsLikeAListOfAllOutcomes() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let window = 1 + Int(random.next(upTo: 150))
      var brake = Self.brake(window: window, share: 1_000)
      var outcomes: [Bool] = []
      for _ in 0..<400 {
        let isBad = random.next(upTo: 1) == 0
        _ = brake.resolved(isBad ? .failed : .delivered)
        outcomes.append(isBad)
        #expect(brake.badCount == outcomes.suffix(window).count { $0 }, "seed \(seed)")
      }
    }
  }
}
