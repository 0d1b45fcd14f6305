import BridgeCore
import Testing

@testable import Outcomes

/// Figures are printed; the bounds are wide, for a loaded machine, and catch a change of the order of growth.
@Suite(.serialized) struct OutcomeCostTests {
  @Test func aUsualOutcomeCostsAboutAMicrosecond() {
    let record = usualRecord()
    var encoder = OutcomeEncoder(identity: Sample.identity)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1_024 * 1_024)
    let rounds = 20_000
    let best = bestOfFive {
      for _ in 0..<rounds {
        if bytes.count > 900_000 { bytes.removeAll(keepingCapacity: true) }
        _ = encoder.encode(record, epoch: Epoch(1), appendingTo: &bytes)
      }
    }
    let cost = best / rounds
    print("one outcome: \(cost)")
    #expect(cost < .microseconds(20))
  }

  /// Texts that meet the content's pieces everywhere without eight bytes in common.
  static let hostileTexts: [(String, String)] = [
    ("aaaaaaab", "aaaaaaac"), ("abcdefg.", "abcdefg,"), ("a", "b"), ("aaaaab", "aaaaac"),
  ]

  @Test(arguments: hostileTexts) func aHostileTextCostsLittle(textPiece: String, contentPiece: String) {
    for length in [256, 1_024] {
      let text = Array(repeatElement(textPiece.utf8, count: length).joined().prefix(length))
      let content = Array(repeatElement(contentPiece.utf8, count: 65_536).joined().prefix(65_536))
      var screen = EchoScreen()
      var found = false
      let best = bestOfFive {
        text.withUnsafeBytes { text in
          content.withUnsafeBytes { found = screen.finds(GuardedTexts(content: $0), in: text) }
        }
      }
      print("\(length) bytes of \(textPiece) against 64 KiB of \(contentPiece): \(best)")
      #expect(!found)
      #expect(best < .milliseconds(3))
    }
  }

  private func bestOfFive(_ work: () -> Void) -> Duration {
    let clock = ContinuousClock()
    return (0..<5).map { _ in clock.measure(work) }.min() ?? .zero
  }
}
