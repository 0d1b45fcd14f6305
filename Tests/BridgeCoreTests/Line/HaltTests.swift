import Testing

@testable import BridgeCore

@Suite struct HaltTests {
  enum Input: Sendable {
    case refused(Int64)
    case probeRefused(Int64)
    case probeToldNothing(Int64)
    case passed
    case noOtherLane(Int64)
    case stopped(Int64)
    case forgotten
  }

  private static func time(_ seconds: Int64) -> MonotonicTime {
    MonotonicTime(microseconds: seconds * 1_000_000)
  }
  private static func halted(_ seconds: Int64, _ left: Int) -> Halt.State {
    .halted(until: time(seconds), confirmationsLeft: left)
  }

  @Test(
    arguments: [
      ([], .clear),
      ([.refused(0)], .confirming(probeCount: 0)),
      // What was under way when the first was refused confirms nothing.
      ([.refused(0), .refused(0), .refused(0), .refused(0)], .confirming(probeCount: 0)),
      ([.refused(0), .probeRefused(0)], .confirming(probeCount: 1)),
      ([.refused(0), .probeRefused(0), .probeToldNothing(0)], .confirming(probeCount: 2)),
      ([.refused(0), .probeRefused(0), .probeRefused(0), .probeRefused(1)], halted(6, 0)),
      ([.refused(0), .probeRefused(0), .passed], .clear),
      ([.refused(0), .forgotten], .clear),
      // Nobody is left who could confirm it: whoever comes still may.
      ([.refused(0), .noOtherLane(0)], halted(5, 3)),
      ([.refused(0), .probeRefused(0), .noOtherLane(1)], halted(6, 2)),
      ([.refused(0), .noOtherLane(0), .probeRefused(1)], halted(5, 2)),
      ([.refused(0), .noOtherLane(0), .probeToldNothing(1)], halted(5, 2)),
      // At its time a probe is one, whichever lane it is of; the wait doubles up to a minute.
      ([.refused(0), .noOtherLane(0), .probeRefused(5)], halted(15, 3)),
      ([.refused(0), .noOtherLane(0), .probeRefused(5), .probeRefused(15)], halted(35, 3)),
      ([.refused(0), .noOtherLane(0), .probeToldNothing(5)], halted(10, 3)),
      (
        [.refused(0), .noOtherLane(0)] + (1...10).map { .probeRefused($0 * 1_000) },
        halted(10_060, 3)
      ),
      ([.refused(0), .noOtherLane(0), .refused(9)], halted(5, 3)),
      ([.refused(0), .noOtherLane(0), .forgotten], halted(5, 3)),
      ([.refused(0), .noOtherLane(0), .probeRefused(5), .passed, .refused(20)], .confirming(probeCount: 0)),
      // The wait begins anew.
      (
        [.refused(0), .noOtherLane(0), .probeRefused(5), .passed, .refused(20), .noOtherLane(20)],
        halted(25, 3)
      ),
      ([.stopped(0)], halted(5, 0)),
      ([.stopped(0), .probeRefused(5)], halted(15, 0)),
    ] as [([Input], Halt.State)])
  func stands(_ inputs: [Input], _ state: Halt.State) {
    var halt = Halt()
    for input in inputs {
      switch input {
      case .refused(let at): halt.refused(isProbe: false, at: Self.time(at))
      case .probeRefused(let at): halt.refused(isProbe: true, at: Self.time(at))
      case .probeToldNothing(let at): halt.probeToldNothing(at: Self.time(at))
      case .passed: halt.passed()
      case .noOtherLane(let at): halt.noOtherLane(at: Self.time(at))
      case .stopped(let at): halt.stopped(isProbe: false, at: Self.time(at))
      case .forgotten: halt.forgotten()
      }
    }
    #expect(halt.state == state)
  }

  @Test func whatMayStart() {
    var halt = Halt()
    #expect(halt.admission(at: Self.time(0)) == .any)
    halt.refused(isProbe: false, at: Self.time(0))
    #expect(halt.admission(at: Self.time(0)) == .freshProbe)
    halt.noOtherLane(at: Self.time(0))
    #expect(halt.admission(at: Self.time(4)) == .freshProbe)
    #expect(halt.admission(at: Self.time(5)) == .probe)
    for _ in 0..<3 { halt.refused(isProbe: true, at: Self.time(1)) }
    #expect(halt.admission(at: Self.time(4)) == .none)
    #expect(halt.admission(at: Self.time(5)) == .probe)
  }
}
