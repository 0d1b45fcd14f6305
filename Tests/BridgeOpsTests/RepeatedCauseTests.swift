import BridgeCore
import Testing

@testable import BridgeOps

/// One line per cause and interval; none is forgotten.
@Suite struct RepeatedCauseTests {
  private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(microseconds: seconds * 1_000_000) }

  private func line(_ number: Int64) -> LogLine {
    LogLine(.warning, "m", [(.code, .integer(number))], at: WallTime(milliseconds: number))
  }

  /// `code` and `count` of a line; count 1 where it says none.
  private func facts(_ line: LogLine?) -> [Int64]? {
    guard let line else { return nil }
    let numbers = line.fields.map { key, value -> Int64 in
      guard case .integer(let number) = value else { return -1 }
      return number
    }
    return numbers.count == 1 ? numbers + [1] : numbers
  }

  @Test func theLineAfterTheIntervalCarriesTheCount() {
    var limiter = RepeatLimiter(interval: .seconds(30))
    #expect(facts(limiter.admit(line(1), cause: "a", at: at(0))) == [1, 1])
    #expect(limiter.admit(line(2), cause: "a", at: at(1)) == nil)
    #expect(facts(limiter.admit(line(3), cause: "b", at: at(1))) == [3, 1])
    #expect(limiter.admit(line(4), cause: "a", at: at(29)) == nil)
    #expect(facts(limiter.admit(line(5), cause: "a", at: at(30))) == [5, 3])
    #expect(limiter.admit(line(6), cause: "a", at: at(31)) == nil)
  }

  @Test func whatNoFurtherLineBringsOutComesByItself() {
    var limiter = RepeatLimiter(interval: .seconds(30))
    _ = limiter.admit(line(1), cause: "a", at: at(0))
    _ = limiter.admit(line(2), cause: "b", at: at(10))
    #expect(limiter.overdue(at: at(100)).isEmpty)
    _ = limiter.admit(line(3), cause: "a", at: at(100))
    _ = limiter.admit(line(4), cause: "a", at: at(101))
    _ = limiter.admit(line(5), cause: "a", at: at(102))
    _ = limiter.admit(line(6), cause: "b", at: at(110))
    _ = limiter.admit(line(7), cause: "b", at: at(111))
    #expect(limiter.overdue(at: at(129)).isEmpty)
    #expect(limiter.overdue(at: at(130)).map { facts($0) } == [[5, 2]])
    #expect(limiter.overdue(at: at(139)).isEmpty)
    #expect(limiter.overdue(at: at(140)).map { facts($0) } == [[7, 1]])
    // Each of them began a new interval.
    #expect(limiter.admit(line(8), cause: "a", at: at(159)) == nil)
    #expect(facts(limiter.admit(line(9), cause: "a", at: at(160))) == [9, 2])
  }

  @Test func atTheEndNothingIsLeft() {
    var limiter = RepeatLimiter(interval: .seconds(30))
    for number in 1...3 { _ = limiter.admit(line(Int64(number)), cause: "a", at: at(0)) }
    #expect(limiter.rest(at: at(1)).map { facts($0) } == [[3, 2]])
    #expect(limiter.rest(at: at(1)).isEmpty)
  }

  @Test func moreCausesThanThereIsRoomForShareAPlace() {
    var limiter = RepeatLimiter(interval: .seconds(30))
    let count = RepeatLimiter.causeLimit + 100
    let admitted = (0..<count).compactMap { limiter.admit(line(Int64($0)), cause: "\($0)", at: at(0)) }
    #expect(admitted.count == RepeatLimiter.causeLimit + 1)
    #expect(limiter.overdue(at: at(30)).map { facts($0) } == [[Int64(count - 1), 99]])
    // The quiet ones are forgotten, so there is room again.
    #expect(facts(limiter.admit(line(1), cause: "new", at: at(60))) == [1, 1])
    #expect(limiter.admit(line(2), cause: "new", at: at(61)) == nil)
  }
}
