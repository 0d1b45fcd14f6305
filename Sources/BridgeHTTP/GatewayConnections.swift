package import BridgeCore
internal import CCurl

/// Connections to the gateway, one request at a time on each. libcurl makes a connection (names, proxy, TLS); the
/// bytes of an exchange are framed and counted here, and nothing is ever sent a second time.
///
/// One thread owns it; nothing blocks. `descriptor` becomes readable when `turn` has work.
package struct GatewayConnections: ~Copyable {
  /// Sockets hand over bytes in pieces of this size at most, so that the count of accepted bytes is exact under TLS.
  static let sliceByteLimit = 16 * 1_024
  /// What the announced idle time of the gateway is undercut by, against crossing its close.
  static let idleMargin = TimeSpan.seconds(1)
  /// Connects under way at most. A TLS handshake takes up to two milliseconds of the loop: so few that deadlines
  /// are kept although all of them get on in the same turn.
  static let connectingLimit = 64
  static let encryptedConnectingLimit = 16
  /// Buffers that grew beyond this for one exchange give their memory back.
  static let keptBufferByteLimit = 16 * 1_024

  let settings: GatewayConnectionSettings
  let endpoint: GatewayEndpoint
  var options: ConnectOptions
  var events: EventQueue
  var shards = SlotTable<ConnectionShard>(capacity: 1)
  var connections: ConnectionTable
  /// Places without a socket that were in use before.
  var closed: [Int32] = []
  /// Idle ones; the longest idle first, the last is taken.
  var ready = ConnectionQueue()
  /// Connections that show whether the gateway takes them, oldest first; see `isProven`.
  var settling = ConnectionQueue()
  /// TLS 1.3 lets a client send before the server has looked at its certificate: a request sent then could be lost
  /// without a trace. So until a connection has held or an answer has come, and again after every failed connect,
  /// connections to an encrypted gateway are made one by one and wait a while before they are ready.
  var isProven: Bool
  /// Exchanges under way, in the order of their deadlines.
  var inFlight = ConnectionQueue()
  /// Attempts whose report was not taken.
  var ended = ConnectionQueue()
  var connectingCount = 0
  var expectedCount = 0
  var backOff = ConnectBackOff()
  var counts = GatewayStatistics()
  /// Where bytes are received; a body moves on to its connection.
  let scratch: UnsafeMutableRawBufferPointer

  package init(settings: GatewayConnectionSettings) throws(GatewayConnectionFault) {
    try LinkedLibcurl.prepare()
    guard settings.connectionLimit > 0 else { throw .unusableSetting(name: "connection limit") }
    guard settings.answerByteLimit > 0 else { throw .unusableSetting(name: "answer size limit") }
    guard settings.requestTimeout > .zero else { throw .unusableSetting(name: "request time-out") }
    guard settings.connectTimeout > .zero else { throw .unusableSetting(name: "connect time-out") }
    guard settings.idleTimeout > .zero else { throw .unusableSetting(name: "idle time-out") }
    try settings.checkFiles()
    try settings.checkProxy()
    self.init(settings, endpoint: try GatewayEndpoint(settings: settings), events: try EventQueue())
  }

  private init(_ settings: GatewayConnectionSettings, endpoint: GatewayEndpoint, events: consuming EventQueue)
  {
    self.settings = settings
    self.endpoint = endpoint
    self.events = events
    options = ConnectOptions(settings)
    isProven = !endpoint.isEncrypted
    connections = ConnectionTable(capacity: min(settings.connectionLimit, ConnectionShard.connectionLimit))
    scratch = .allocate(byteCount: Self.sliceByteLimit, alignment: 16)
  }

  deinit {
    // Callbacks of libcurl use the epoll descriptor: it goes last.
    for shard in 0..<shards.count { shards[Int32(shard)].closeAll() }
    scratch.deallocate()
  }

  /// An epoll descriptor, readable when `turn` has work; owned by this value.
  package var descriptor: Int32 { events.descriptor }

  /// For whoever waits on `descriptor`: it is not readable, and needs no look in the next turn.
  package var isQuiet = false

  package var statistics: GatewayStatistics {
    var now = counts
    now.openCount = liveCount - connectingCount
    now.connectingCount = connectingCount
    now.readyCount = ready.count
    return now
  }

  package var connectFailureCount: Int64 { counts.connectFailureCount }

  /// Connections that could take a request now.
  package var readyConnectionCount: Int { ready.count }

  /// Connected and connecting ones.
  var liveCount: Int { connections.count - closed.count }

  /// How many requests could be sent now if there were connections, those under way included; up to that many are
  /// opened, within the limit and after the back-off of failed connects.
  package mutating func expect(requestCount: Int, at now: Moment) {
    expectedCount = requestCount
    guard liveCount < min(requestCount, settings.connectionLimit) else { return }
    openMissing(at: now.monotonic)
  }

  /// Writes a request body straight into a connection's buffer and sends it. `body` only appends.
  package mutating func send(
    _ ticket: Ticket, at now: Moment, body: (inout ByteBuffer) -> Void
  ) -> SendAdmission {
    guard let index = takeReady(at: now.monotonic) else { return .noConnection }
    let room = endpoint.headRoom
    connections[index].request.removeAll()
    connections[index].request.appendUninitialized(room) { _ in room }
    body(&connections[index].request)
    connections[index].requestStart = endpoint.writeHead(before: &connections[index].request)
    connections[index].acceptedByteCount = 0
    connections[index].ticket = ticket
    connections[index].begunAt = now.monotonic
    connections[index].startedAt = nil
    connections[index].answer.removeAll()
    connections[index].parser.reset()
    connections[index].phase = .sending
    inFlight.append(index, in: &connections)
    sendMore(index, at: now)
    return .started
  }

  /// Moves bytes, opens and closes connections, looks at deadlines.
  package mutating func turn(at now: Moment) {
    // The process may have slept since it was looked: no request ends without an answer that is here.
    if !isQuiet || hasOverdue(at: now.monotonic) { readEvents(at: now) }
    driveConnects(at: now.monotonic)
    endOverdue(at: now.monotonic)
    closeOutworn(at: now.monotonic)
    readySettled(at: now.monotonic)
  }

  /// The next ended attempt; each is to be given to `finish`.
  package mutating func nextReport() -> AttemptReport? {
    let index = ended.first
    guard index != .noConnection, case .ended(let isReusable) = connections[index].phase else { return nil }
    ended.remove(index, in: &connections)
    connections[index].phase = .reported(isReusable: isReusable)
    return AttemptReport(
      ticket: connections[index].ticket, connection: index, startedAt: connections[index].startedAt,
      endedAt: connections[index].endedAt, ending: connections[index].ending)
  }

  /// The body of an answer, nothing for an attempt without one; the pointer is valid inside `read` only.
  package mutating func withAnswerBody<Result>(
    of report: AttemptReport, _ read: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard case .answered = report.ending, case .reported = connections[report.connection].phase else {
      return read(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    return connections[report.connection].answer.withBytes { read($0) }
  }

  /// The answer was read: the connection may be used again.
  package mutating func finish(_ report: AttemptReport) {
    let index = report.connection
    guard case .reported(let isReusable) = connections[index].phase else { return }
    connections[index].request.shrink(ifOver: Self.keptBufferByteLimit)
    connections[index].answer.shrink(ifOver: Self.keptBufferByteLimit)
    guard isReusable else {
      connections[index].phase = .closed
      closed.append(index)
      return
    }
    makeReady(index, at: report.endedAt)
  }

  /// Ends every attempt under way; their reports say by counted bytes how.
  package mutating func abandonAll(at now: Moment) {
    while inFlight.first != .noConnection { end(inFlight.first, with: .abandoned, at: now.monotonic) }
  }

  /// When `turn` wants to be called at the latest although no byte moved.
  package var nextDeadline: MonotonicTime? {
    // Long ago: a report waits to be taken.
    if ended.count > 0 { return MonotonicTime(microseconds: 0) }
    var earliest: MonotonicTime?
    func consider(_ time: MonotonicTime) { earliest = earliest.map { min($0, time) } ?? time }
    if inFlight.first != .noConnection {
      consider(connections[inFlight.first].begunAt + settings.requestTimeout)
    }
    if ready.first != .noConnection {
      consider(connections[ready.first].idleSince + connections[ready.first].idleLimit)
    }
    if settling.first != .noConnection {
      consider(connections[settling.first].idleSince + connections[settling.first].idleLimit)
    }
    if connectingCount > 0 {
      for shard in 0..<shards.count {
        if let deadline = shards[Int32(shard)].nextDeadline { consider(deadline) }
      }
    } else if let retryAt = backOff.retryAt, liveCount < min(expectedCount, settings.connectionLimit) {
      consider(retryAt)
    }
    return earliest
  }
}
