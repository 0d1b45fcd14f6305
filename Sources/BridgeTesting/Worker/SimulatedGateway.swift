import BridgeCore
import BridgeRuntime

/// The gateway connections of one process.
final class GatewayConnectionsScript {
  private struct Exchange {
    var due: Int64
    var ticket: Ticket
    var startedAt: Int64
    var ending: AttemptEnding
    var body: [UInt8]
    var partition: Int
    var offset: RecordOffset
    var call: Int
    var banSeconds: Int64?
    var isAbandoned = false
  }

  unowned let worker: SimulatedWorker
  private let world: World
  private let backend: Backend
  private var underWay: [Exchange] = []
  /// By connection: answers that wait to be read.
  private var bodies: [Int32: [UInt8]] = [:]
  private var connectionCount: Int32 = 0
  private(set) var connectFailureCount: Int64 = 0
  private var failuresInARow: Int64 = 0
  private var connectRetryAt: Int64 = 0
  private var connectFailsAt: Int64?
  private var isWanted = false

  init(worker: SimulatedWorker, backend: Backend) {
    self.worker = worker
    world = worker.world
    self.backend = backend
  }

  var readyConnectionCount: Int {
    world.has(.unreachable) ? 0 : world.plan.inFlightLimit - underWay.count
  }

  /// While the gateway cannot be reached, one connect after the other fails, ever later.
  func expect(_ requestCount: Int) {
    isWanted = requestCount > underWay.count
    if let time = connectFailsAt {
      guard time <= world.now else { return }
      connectFailsAt = nil
      connectFailureCount += 1
      failuresInARow += 1
      connectRetryAt = world.now + min(100_000 << min(failuresInARow, 5), 3_000_000)
    }
    guard isWanted, world.has(.unreachable), world.now >= connectRetryAt else { return }
    connectFailsAt = world.now + 1_000 + world.upTo(50_000)
  }

  /// When a connect ends, or another is tried.
  var nextConnect: Int64? {
    connectFailsAt ?? (isWanted && world.has(.unreachable) ? max(connectRetryAt, world.now + 1_000) : nil)
  }

  func send(_ ticket: Ticket, _ request: UnsafeRawBufferPointer) -> SendAdmission {
    guard let (partition, offset) = Self.place(in: request) else {
      world.violated("a request without message_id")
      return .noConnection
    }
    if underWay.contains(where: { $0.partition == partition && $0.offset == offset }) {
      world.violated("two requests of \(partition)/\(offset) at once")
    }
    let reply = backend.receive(partition, offset, from: worker)
    underWay.append(
      Exchange(
        due: world.now + reply.delay, ticket: ticket, startedAt: world.now, ending: reply.ending,
        body: reply.body, partition: partition, offset: offset, call: reply.call,
        banSeconds: reply.banSeconds))
    failuresInARow = 0
    worker.reached(.request)
    if underWay.count > world.plan.inFlightLimit {
      world.violated("V10: \(underWay.count) requests in flight")
    }
    return .started
  }

  func nextReport() -> AttemptReport? {
    guard let index = underWay.firstIndex(where: { $0.due <= world.now }) else { return nil }
    let exchange = underWay.remove(at: index)
    connectionCount &+= 1
    bodies[connectionCount] = exchange.body
    backend.wasRead(exchange.call, isAbandoned: exchange.isAbandoned)
    worker.history.read(
      exchange.ending, banSeconds: exchange.isAbandoned ? nil : exchange.banSeconds, at: world)
    return AttemptReport(
      ticket: exchange.ticket, connection: connectionCount,
      startedAt: MonotonicTime(microseconds: exchange.startedAt), endedAt: world.moment.monotonic,
      ending: exchange.ending)
  }

  /// When something is to be reported.
  var nextDue: Int64? { underWay.lazy.map(\.due).min() }

  func body(of report: AttemptReport) -> [UInt8] { bodies[report.connection] ?? [] }
  func finish(_ report: AttemptReport) { bodies[report.connection] = nil }

  /// Every request under way ends now, its bytes written, its answer unread.
  func abandonAll() {
    for index in underWay.indices where underWay[index].due > world.now {
      underWay[index].due = world.now
      switch underWay[index].ending {
      case .notSent: break
      case .answered, .unanswered:
        underWay[index].ending = .unanswered(.abandoned)
        underWay[index].body = []
        underWay[index].isAbandoned = true
      }
    }
  }

  /// Nobody reads the answers any more.
  func end() {
    underWay = []
    bodies = [:]
  }

  /// Test events carry `m-PARTITION-OFFSET` as message_id.
  private static func place(in request: UnsafeRawBufferPointer) -> (Int, RecordOffset)? {
    guard var position = request.firstEnd(of: "message_id%22%3A%22m-") else { return nil }
    func number() -> Int? {
      var number: Int?
      while position < request.count, request[position] >= 48, request[position] <= 57 {
        number = (number ?? 0) * 10 + Int(request[position] - 48)
        position += 1
      }
      position += 1
      return number
    }
    guard let partition = number(), let offset = number() else { return nil }
    return (partition, RecordOffset(offset))
  }
}

/// The loop's view of a `GatewayConnectionsScript`.
struct SimulatedGateway: GatewayPort, ~Copyable {
  private let connections: GatewayConnectionsScript
  private var buffer = ByteBuffer(capacity: 1_024)

  init(_ connections: GatewayConnectionsScript) { self.connections = connections }

  var readyConnectionCount: Int { connections.readyConnectionCount }
  var connectFailureCount: Int64 { connections.connectFailureCount }
  mutating func expect(requestCount: Int, at now: Moment) { connections.expect(requestCount) }
  mutating func send(_ ticket: Ticket, at now: Moment, body: (inout ByteBuffer) -> Void) -> SendAdmission {
    buffer.removeAll()
    body(&buffer)
    return buffer.withBytes { connections.send(ticket, $0) }
  }
  mutating func turn(at now: Moment) {}
  mutating func nextReport() -> AttemptReport? { connections.nextReport() }
  mutating func withAnswerBody<Result>(
    of report: AttemptReport, _ read: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    connections.body(of: report).withUnsafeBytes(read)
  }
  mutating func finish(_ report: AttemptReport) { connections.finish(report) }
  mutating func abandonAll(at now: Moment) { connections.abandonAll() }
  var nextDeadline: MonotonicTime? {
    [connections.nextDue, connections.nextConnect].compactMap { $0 }.min()
      .map { MonotonicTime(microseconds: $0) }
  }
}
