package import BridgeCore
import BridgeRuntime

/// How often (in 1 000 requests) the simulated gateway does what.
package struct GatewayFaults: Sendable {
  package var refused: UInt64 = 0
  package var temporaryWithoutEffect: UInt64 = 0
  /// The backend answers that it threw; it may have taken the message.
  package var temporaryUnknown: UInt64 = 0
  package var noAnswer: UInt64 = 0
  package var notSent: UInt64 = 0
  package var banned: UInt64 = 0
  package var configurationFault: UInt64 = 0
  package init() {}
}

/// A scripted gateway: decides at once what becomes of a request and lets the answer come after a random time.
package final class SimulatedBackend {
  package struct Call {
    package var partition: Int
    package var offset: RecordOffset
    package var effect: Effect
    package var isExecuted: Bool
  }

  private struct Exchange {
    var due: MonotonicTime
    var ticket: Ticket
    var startedAt: MonotonicTime
    var ending: AttemptEnding
    var body: String
  }

  private let cluster: SimulatedCluster
  private let faults: GatewayFaults
  private var random: SplitMix64
  private var underWay: [Exchange] = []
  private var ended: [Int32: String] = [:]
  private var nextConnection: Int32 = 0
  package private(set) var calls: [Call] = []
  package var now = MonotonicTime(microseconds: 0)
  package private(set) var inFlightPeak = 0

  package init(cluster: SimulatedCluster, faults: GatewayFaults, seed: UInt64) {
    self.cluster = cluster
    self.faults = faults
    random = SplitMix64(seed: seed)
  }

  package var inFlightCount: Int { underWay.count }
  package var nextDue: MonotonicTime? { underWay.map(\.due).min() }

  package func receive(_ ticket: Ticket, _ body: String) {
    guard let (partition, offset) = Self.coordinates(in: body) else {
      cluster.violated("a request without message_id: \(body)")
      return
    }
    if offset >= cluster.durableCeiling(of: partition) {
      cluster.violated("V9: \(partition)/\(offset) was sent at or above the durable ceiling")
    }
    let (ending, answer, effect, isExecuted) = decide()
    calls.append(Call(partition: partition, offset: offset, effect: effect, isExecuted: isExecuted))
    underWay.append(
      Exchange(
        due: now + TimeSpan(microseconds: Int64(random.next(upTo: 40_000)) + 200), ticket: ticket,
        startedAt: now,
        ending: ending, body: answer))
    inFlightPeak = max(inFlightPeak, underWay.count)
  }

  package func nextReport() -> AttemptReport? {
    guard let index = underWay.firstIndex(where: { $0.due <= now }) else { return nil }
    return report(underWay.remove(at: index))
  }

  private func report(_ exchange: Exchange) -> AttemptReport {
    nextConnection &+= 1
    ended[nextConnection] = exchange.body
    return AttemptReport(
      ticket: exchange.ticket, connection: nextConnection, startedAt: exchange.startedAt, endedAt: now,
      ending: exchange.ending)
  }

  package func answer(of report: AttemptReport) -> String { ended[report.connection] ?? "" }
  package func finish(_ report: AttemptReport) { ended[report.connection] = nil }

  /// Every request under way ends now, its bytes written, its answer unread.
  package func abandonAll() {
    for index in underWay.indices {
      underWay[index].due = now
      underWay[index].ending = .unanswered(.abandoned)
      underWay[index].body = ""
    }
  }

  /// The worker dies: nobody reads the answers.
  package func crash() {
    underWay = []
    ended = [:]
  }

  private func decide() -> (AttemptEnding, String, Effect, Bool) {
    let dice = random.next(upTo: 999)
    var bound: UInt64 = 0
    func falls(_ share: UInt64) -> Bool {
      bound += share
      return dice < bound
    }
    let answered = AttemptEnding.answered(status: 200, retryAfterSeconds: nil, date: nil)
    if falls(faults.refused) { return (answered, Self.error(50, "isv.invalid-parameter"), .none, false) }
    if falls(faults.temporaryWithoutEffect) {
      return (answered, Self.error(50, "isp.top-remote-connection-error"), .none, false)
    }
    if falls(faults.temporaryUnknown) {
      return (answered, Self.error(50, "isp.remote-service-error"), .unknown, random.next(upTo: 1) == 0)
    }
    if falls(faults.noAnswer) { return (.unanswered(.deadline), "", .unknown, random.next(upTo: 1) == 0) }
    if falls(faults.notSent) { return (.notSent(.reset), "", .none, false) }
    if falls(faults.banned) {
      return (
        answered,
        Self.error(7, "accesscontrol.limited-by-app-access-count", "This ban will last for 2 more seconds"),
        .none, false
      )
    }
    if falls(faults.configurationFault) { return (answered, Self.error(25, nil), .none, false) }
    return (
      answered,
      #"{"alibaba_lyservice_lippi_message_send_response":{"result":{"success":true,"code":"200"}}}"#,
      .done, true
    )
  }

  private static func error(_ code: Int, _ subCode: String?, _ subMessage: String? = nil) -> String {
    let sub = subCode.map { #","sub_code":"\#($0)""# } ?? ""
    let text = subMessage.map { #","sub_msg":"\#($0)""# } ?? ""
    return #"{"error_response":{"code":\#(code),"msg":"m"\#(sub)\#(text)}}"#
  }

  /// Test events carry `m-PARTITION-OFFSET` as message_id.
  private static func coordinates(in body: String) -> (Int, RecordOffset)? {
    guard let start = body.range(of: "message_id%22%3A%22m-") else { return nil }
    let parts = body[start...].prefix { $0 != "%" }.split(separator: "-")
    guard parts.count == 2, let partition = Int(parts[0]), let offset = RecordOffset(parts[1]) else {
      return nil
    }
    return (partition, offset)
  }
}

extension String {
  /// Behind the first occurrence.
  fileprivate func range(of text: String) -> String.Index? {
    var position = startIndex
    while position < endIndex {
      if self[position...].hasPrefix(text) { return index(position, offsetBy: text.count) }
      position = index(after: position)
    }
    return nil
  }
}

/// The port over `SimulatedBackend`: connections are always ready.
package struct SimulatedGateway: GatewayPort, ~Copyable {
  private let backend: SimulatedBackend
  private let connectionLimit: Int
  private var buffer = ByteBuffer(capacity: 2_048)

  package init(_ backend: SimulatedBackend, connectionLimit: Int) {
    self.backend = backend
    self.connectionLimit = connectionLimit
  }

  package var readyConnectionCount: Int { connectionLimit - backend.inFlightCount }
  package mutating func expect(requestCount: Int, at now: Moment) {}
  package mutating func send(_ ticket: Ticket, at now: Moment, body: (inout ByteBuffer) -> Void)
    -> SendAdmission
  {
    buffer.removeAll()
    body(&buffer)
    backend.receive(ticket, buffer.withBytes { String(decoding: $0, as: UTF8.self) })
    return .started
  }
  package mutating func turn(at now: Moment) {}
  package mutating func nextReport() -> AttemptReport? { backend.nextReport() }
  package mutating func withAnswerBody<Result>(
    of report: AttemptReport, _ read: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    var text = backend.answer(of: report)
    return text.withUTF8 { read(UnsafeRawBufferPointer($0)) }
  }
  package mutating func finish(_ report: AttemptReport) { backend.finish(report) }
  package mutating func abandonAll(at now: Moment) { backend.abandonAll() }
  package var nextDeadline: MonotonicTime? { nil }
}
