import BridgeCore
import Glibc
import Testing

@testable import BridgeHTTP

/// Turns connections as the loop does: by their descriptor and their deadline.
final class GatewayDriver {
  struct Ended {
    var report: AttemptReport
    var body: String
  }

  var gateway: GatewayConnections
  private(set) var ended: [Ended] = []
  /// Processor time.
  private(set) var longestTurnWork = TimeSpan.zero
  /// Whatever a test waits for comes within this time.
  static let patience = TimeSpan.seconds(20)

  init(
    _ url: String, limit: Int = 1, requestTimeout: TimeSpan = .seconds(10),
    idleTimeout: TimeSpan = .seconds(4),
    connectTimeout: TimeSpan = .seconds(3), answerByteLimit: Int = 256 * 1_024,
    ageLimit: TimeSpan = .seconds(60), _ change: (inout GatewayConnectionSettings) -> Void = { _ in }
  ) throws {
    var settings = GatewayConnectionSettings(
      url: url, connectionLimit: limit, requestTimeout: requestTimeout, connectTimeout: connectTimeout,
      idleTimeout: idleTimeout, userAgent: "lippi-bridge/test")
    settings.answerByteLimit = answerByteLimit
    settings.ageLimit = ageLimit
    change(&settings)
    gateway = try GatewayConnections(settings: settings)
  }

  static func now() -> Moment {
    func read(_ clock: clockid_t) -> Int64 {
      var time = timespec()
      clock_gettime(clock, &time)
      return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
    return Moment(
      monotonic: MonotonicTime(microseconds: read(CLOCK_MONOTONIC)),
      wall: WallTime(milliseconds: read(CLOCK_REALTIME) / 1_000))
  }

  /// Microseconds of this thread.
  static func threadTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }

  func send(_ number: Int32, body: String = "a=b&sign=c") -> SendAdmission {
    gateway.send(Ticket(index: number, generation: 0), at: Self.now()) { $0.append(text: body) }
  }

  /// One turn, after something happened or `nextDeadline` came; says how long the turn itself took.
  @discardableResult
  func turn(until limit: MonotonicTime) -> TimeSpan {
    let now = Self.now().monotonic
    let wake = min(gateway.nextDeadline ?? limit, limit)
    let wait = max(
      0, (wake.microseconds.subtractingReportingOverflow(now.microseconds).partialValue + 999) / 1_000)
    var interest = pollfd(fd: gateway.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&interest, 1, wake <= now ? 0 : Int32(wait))
    let begin = Self.now()
    let work = Self.threadTime()
    gateway.turn(at: begin)
    longestTurnWork = max(longestTurnWork, TimeSpan(microseconds: Self.threadTime() - work))
    return Self.now().monotonic - begin.monotonic
  }

  func takeReports() {
    while let report = gateway.nextReport() {
      let body = gateway.withAnswerBody(of: report) { String(decoding: $0, as: UTF8.self) }
      gateway.finish(report)
      ended.append(Ended(report: report, body: body))
    }
  }

  /// Goes on until `condition` holds; false if it never does.
  func run(expecting count: Int = 1, until condition: (GatewayDriver) -> Bool) -> Bool {
    let limit = Self.now().monotonic + Self.patience
    while Self.now().monotonic < limit {
      if condition(self) { return true }
      gateway.expect(requestCount: count, at: Self.now())
      turn(until: limit)
      takeReports()
    }
    return condition(self)
  }

  /// One request on a ready connection, until it ended.
  func exchange(body: String = "a=b&sign=c") throws -> Ended {
    let count = ended.count
    try #require(run { $0.gateway.readyConnectionCount > 0 })
    guard case .started = send(Int32(count), body: body) else {
      // The idle connection was found to be lost: another is made.
      return try exchange(body: body)
    }
    try #require(run { $0.ended.count > count })
    return ended[count]
  }
}
