import Testing

@testable import BridgeCore

@Suite struct BanTests {
  private static func time(_ milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(microseconds: milliseconds * 1_000)
  }

  struct Answer: Sendable {
    var at: Int64
    var seconds: Int64?
    var number: UInt64
    var started: UInt64
    var jitter: Int64 = 0
  }

  /// answers → until when nothing starts
  @Test(
    arguments: [
      ([Answer(at: 0, seconds: 5, number: 1, started: 1)], 5_000),
      ([Answer(at: 0, seconds: 5, number: 1, started: 1, jitter: 700)], 5_700),
      // A shorter one does not end a longer one.
      (
        [
          Answer(at: 0, seconds: 5, number: 1, started: 2),
          Answer(at: 100, seconds: 1, number: 2, started: 2),
        ], 5_000
      ),
      (
        [
          Answer(at: 0, seconds: 5, number: 1, started: 2),
          Answer(at: 900, seconds: 5, number: 2, started: 2),
        ], 5_900
      ),
      // Without a number: what was under way says the same again, a later one doubles it.
      ([Answer(at: 0, number: 1, started: 3)], 1_000),
      ([Answer(at: 0, number: 1, started: 3), Answer(at: 10, number: 3, started: 3)], 1_010),
      ([Answer(at: 0, number: 1, started: 3), Answer(at: 1_000, number: 4, started: 4)], 3_000),
      (
        [
          Answer(at: 0, number: 1, started: 3), Answer(at: 1_000, number: 4, started: 4),
          Answer(at: 3_000, number: 5, started: 5),
        ], 7_000
      ),
      ((0..<20).map { Answer(at: $0 * 100_000, number: UInt64($0) + 1, started: UInt64($0) + 1) }, 1_960_000),
      // A number that nobody believes is believed for a day; less than nothing is nothing.
      ([Answer(at: 0, seconds: .max, number: 1, started: 1)], 86_400_000),
      ([Answer(at: 0, seconds: -5, number: 1, started: 1)], 0),
    ] as [([Answer], Int64)])
  func lasts(_ answers: [Answer], _ until: Int64) {
    var ban = Ban(base: .seconds(1), probesFirst: false)
    for answer in answers {
      ban.banned(
        seconds: answer.seconds, number: answer.number, started: answer.started,
        jitter: .milliseconds(answer.jitter), at: Self.time(answer.at))
    }
    #expect(ban.state == .standing(until: Self.time(until)))
    #expect(ban.admission(at: Self.time(until - 1)) == .none)
    #expect(ban.admission(at: Self.time(until)) == .probe)
    let lastStarted = answers.last?.started ?? 0
    ban.passed(number: answers[0].number)
    #expect(ban.state == .standing(until: Self.time(until)), "it had started before")
    ban.passed(number: lastStarted + 1)
    #expect(ban.admission(at: Self.time(0)) == .any)
    ban.banned(seconds: nil, number: 100, started: 100, jitter: .zero, at: Self.time(0))
    #expect(ban.state == .standing(until: Self.time(1_000)), "it begins anew")
  }

  @Test func afterAStartOneRequestShowsWhetherABanStands() {
    var ban = Ban(base: .seconds(1), probesFirst: true)
    #expect(ban.admission(at: Self.time(0)) == .probe)
    #expect(!ban.isStanding)
    ban.passed(number: 1)
    #expect(ban.admission(at: Self.time(0)) == .any)
  }

  @Test func aLongOneIsLong() {
    var ban = Ban(base: .seconds(1), probesFirst: false)
    ban.banned(seconds: 300, number: 1, started: 1, jitter: .zero, at: Self.time(0))
    #expect(!ban.isLong)
    ban.banned(seconds: 300, number: 2, started: 2, jitter: .zero, at: Self.time(300_000))
    #expect(ban.isLong, "all of it together")
    ban.passed(number: 3)
    #expect(!ban.isLong)
  }
}
