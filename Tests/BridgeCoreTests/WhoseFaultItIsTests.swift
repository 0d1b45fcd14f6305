import Testing

@testable import BridgeCore

/// Requests are refused for a fault that every request could have: is it ours, or one event's?
@Suite struct WhoseFaultItIsTests {
  private static let refused = Verdict(.configurationFault, effect: .none)

  private static func bench(_ lanes: Int, caller: (Int) -> UInt32 = { _ in 0 }) -> (Bench, [Ticket]) {
    let bench = Bench()
    let tickets = (0..<lanes).map {
      bench.arrive(RecordOffset($0), lane: UInt64($0), caller: caller($0))
    }
    bench.commit([])
    return (bench, tickets)
  }

  private static func outcomes(of bench: Bench) -> [Ticket: Resolution] {
    var found: [Ticket: Resolution] = [:]
    while let outcome = bench.resolve() { found[outcome.ticket] = outcome.resolution }
    return found
  }

  @Test(arguments: [VerdictClass.configurationFault, .clockFault, .programmingFault])
  func threeProbesOfOtherLanesConfirmThatItIsOurs(_ ruling: VerdictClass) {
    let (bench, tickets) = Self.bench(6)
    _ = bench.send()
    #expect(bench.end(tickets[0], Verdict(ruling, effect: .none)) == .again)
    for probe in 1...3 {
      #expect(bench.send() == tickets[probe], "of a lane that was not asked")
      #expect(bench.send() == nil, "one at a time")
      _ = bench.end(tickets[probe], Verdict(ruling, effect: .none))
    }
    #expect(bench.engine.gate.standing.isHalted)
    #expect(bench.send() == nil)
    bench.wait(.seconds(5))
    let wantsProbe = bench.engine.wantsHaltProbe(at: bench.now.monotonic)
    #expect(wantsProbe)
    #expect(bench.send() == tickets[4])
    _ = bench.end(tickets[4], delivered)
    #expect(!bench.engine.gate.standing.isHalted)
    // Nothing was failed: all of them are sent again.
    var sent: Set<Ticket> = []
    while let ticket = bench.send() { sent.insert(ticket) }
    #expect(sent == Set(tickets).subtracting([tickets[4]]))
    for ticket in sent { _ = bench.end(ticket, delivered) }
    #expect(Self.outcomes(of: bench).values.allSatisfy { $0 == .delivered })
  }

  @Test func nothingElseStartsWhileItIsConfirmed() {
    let (bench, tickets) = Self.bench(5)
    let started = [bench.send()!, bench.send()!, bench.send()!]
    _ = bench.end(started[0], Self.refused)
    #expect(bench.send() == tickets[3], "the probe")
    #expect(bench.send() == nil)
    // Those that were under way go on, and prove nothing: they started before.
    _ = bench.end(started[1], delivered)
    #expect(bench.send() == nil)
    _ = bench.end(started[2], Self.refused)
    #expect(bench.send() == nil)
  }

  @Test func whoIsRefusedWhileOthersGetThroughIsRejected() {
    let (bench, tickets) = Self.bench(4, caller: { $0 == 0 ? 1 : 0 })
    _ = bench.send()
    _ = bench.end(tickets[0], Self.refused)
    _ = bench.end(bench.send()!, delivered)
    #expect(Self.outcomes(of: bench)[tickets[0]] == nil, "the fault may have been mended in between")
    let rest = [bench.send()!, bench.send()!, bench.send()!]
    #expect(Set(rest) == [tickets[0], tickets[2], tickets[3]])
    _ = bench.end(tickets[0], Self.refused)
    _ = bench.end(tickets[2], delivered)
    #expect(Self.outcomes(of: bench)[tickets[0]] == nil, "that one had started before")
    _ = bench.end(tickets[3], delivered)
    let next = bench.arrive(10, lane: 10)
    bench.commit([])
    bench.wait(.zero)
    #expect(bench.send() == next, "at once: there is no other lane, and it was not asked yet")
    _ = bench.end(next, delivered)
    #expect(
      Self.outcomes(of: bench)[tickets[0]] == Resolution(kind: .rejected, error: .callerRefused))
  }

  @Test func aFaultThatWasMendedInBetweenFailsNobody() {
    let (bench, tickets) = Self.bench(2)
    _ = bench.send()
    _ = bench.end(tickets[0], Self.refused)
    _ = bench.end(bench.send()!, delivered)
    #expect(bench.send() == tickets[0])
    _ = bench.end(tickets[0], delivered)
    #expect(Self.outcomes(of: bench)[tickets[0]] == .delivered)
  }

  @Test func aLaneAloneStaysPendingAndIsTheProbe() {
    let (bench, tickets) = Self.bench(1)
    _ = bench.send()
    _ = bench.end(tickets[0], Self.refused)
    bench.wait(.zero)
    #expect(bench.engine.gate.standing.isHalted)
    var waits: [Int64] = []
    for _ in 0..<20 {
      let before = bench.now.monotonic
      let opens = bench.engine.gate.opensAt(before)!
      bench.wait(opens - before)
      waits.append((opens - before).milliseconds)
      #expect(bench.send() == tickets[0])
      #expect(bench.end(tickets[0], Self.refused) == .again)
    }
    #expect(waits.prefix(6) == [5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
    bench.wait(.seconds(60))
    _ = bench.end(bench.send()!, delivered)
    let outcome = bench.resolve()!
    #expect(outcome.resolution == .delivered)
    #expect(outcome.course.attemptCount == 22)
    #expect(outcome.course.waitedForHalt > .seconds(1_000))
  }

  @Test func atOneEventAMinuteNoEventIsFailed() {
    let bench = Bench()
    var tickets: [Ticket] = []
    for minute in 0..<30 {
      let ticket = bench.arrive(RecordOffset(minute), lane: UInt64(minute))
      tickets.append(ticket)
      bench.commit([])
      for _ in 0..<60 {
        bench.wait(.seconds(1))
        while let sent = bench.send() { #expect(bench.end(sent, Self.refused) == .again) }
      }
    }
    #expect(bench.resolve() == nil)
    bench.wait(.seconds(60))
    _ = bench.end(bench.send()!, delivered)
    while let sent = bench.send() { _ = bench.end(sent, delivered) }
    let outcomes = Self.outcomes(of: bench)
    #expect(outcomes.count == 30)
    #expect(outcomes.values.allSatisfy { $0 == .delivered })
  }

  @Test func badCallersInFrontOfManyLanes() {
    let (bench, tickets) = Self.bench(12, caller: { $0 < 10 ? 7 : 0 })
    var turns = 0
    while turns < 2_010 {
      turns += 1
      var sent: [Ticket] = []
      while let ticket = bench.send() { sent.append(ticket) }
      for ticket in sent {
        _ = bench.end(ticket, tickets.prefix(10).contains(ticket) ? Self.refused : delivered)
      }
      bench.wait(.milliseconds(100))
      // Others come now and then.
      if turns % 100 == 0 {
        _ = bench.arrive(RecordOffset(100 + turns), lane: UInt64(100 + turns))
        bench.commit([])
      }
    }
    let outcomes = Self.outcomes(of: bench)
    for ticket in tickets.prefix(10) {
      #expect(outcomes[ticket] == Resolution(kind: .rejected, error: .callerRefused))
    }
    #expect(outcomes.values.count { $0 == .delivered } == 2 + 20)
  }

  @Test func aCallerThatIsKnownToBeRefusedDoesNotStopTheLine() {
    let (bench, tickets) = Self.bench(3, caller: { $0 == 0 ? 7 : 0 })
    _ = bench.send()
    _ = bench.end(tickets[0], Self.refused)
    _ = bench.end(bench.send()!, delivered)
    let again = [bench.send()!, bench.send()!]
    #expect(again.contains(tickets[0]))
    _ = bench.end(tickets[0], Self.refused)
    _ = bench.end(tickets[2], delivered)
    let proof = bench.arrive(3, lane: 3)
    let second = bench.arrive(4, lane: 4, caller: 7)
    let other = bench.arrive(5, lane: 5)
    bench.commit([])
    #expect(bench.send() == proof)
    _ = bench.end(proof, delivered)
    #expect(Self.outcomes(of: bench)[tickets[0]]?.error == .callerRefused)
    #expect(bench.send() == second)
    _ = bench.end(second, Self.refused)
    #expect(bench.engine.gate.admission(at: bench.now.monotonic) == .open)
    #expect(bench.send() == other)
    _ = bench.end(other, delivered)
    #expect(Self.outcomes(of: bench)[second]?.error == .callerRefused)
  }

  @Test func threeAnswersThatNobodyKnowsHaltTheLine() {
    let (bench, tickets) = Self.bench(5)
    for ticket in tickets.prefix(3) {
      _ = bench.send()
      pass(bench, ticket, code: 77)
    }
    #expect(bench.engine.gate.standing.isHalted)
    #expect(bench.send() == nil)
    bench.wait(.seconds(5))
    #expect(bench.send() == tickets[3])
    pass(bench, tickets[3], code: 77)
    #expect(bench.engine.gate.standing.isHalted)
    bench.wait(.seconds(10))
    #expect(bench.send() == tickets[4])
    _ = bench.end(tickets[4], delivered)
    #expect(!bench.engine.gate.standing.isHalted)
  }

  private func pass(_ bench: Bench, _ ticket: Ticket, code: Int64) {
    bench.pass(.milliseconds(5))
    _ = bench.engine.attemptEnded(
      ticket, Verdict(.unknown, effect: .unknown), duration: .milliseconds(5), code: code, at: bench.now)
  }
}
