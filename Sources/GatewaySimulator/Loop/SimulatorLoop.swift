internal import CLinux
internal import Glibc

/// The simulator's one thread: sockets, timers, log. It lives as long as `run` does.
final class SimulatorLoop {
  static let connectionLimit = 20_000
  static let eventLimit = 256
  static let acceptLimitPerTurn = 256
  static let readBytes = 64 * 1024
  static let keptOutputBytes = 64 * 1024
  /// How long a connection that was ended waits for the client to end it too.
  static let drainTimeoutMilliseconds: Int64 = 1000
  /// How long nothing is accepted when there are no descriptors left.
  static let acceptPauseMilliseconds: Int64 = 100

  private static let listenerTag = UInt64.max
  private static let stopTag = UInt64.max - 1
  private static let acceptPauseSlot = -1

  let latencyNanoseconds: Int64
  /// How far the gateway's clock is ahead of this machine's.
  let clockOffsetSeconds: Int64
  var examiner: RequestExaminer
  let faultReader = JSONReader()
  var faults: FaultBook
  var log: RequestLog
  var stats = SimulatorStats()
  var answerBodies: AnswerBodyWriter
  var heads = AnswerHeadWriter()
  var gzip = Gzip()
  var body = Octets(capacity: 4096)
  /// The compressed form of `body`.
  var packedBody = Octets(capacity: 16)

  /// Ids that were taken; nil when every message counts.
  var takenMessages: TakenMessages?

  private let epoll: Int32
  private let listener: Int32
  private var timers = TimerHeap()
  private var lastTicket: UInt64 = 0
  private var connections: [Connection?] = []
  private var freeSlots: [Int] = []
  private var lastGeneration: UInt32 = 0
  private var lastArrival: Int64 = 0
  private let identity: TLSIdentity?
  /// IPv4 addresses in network order; nil allows every one.
  private let allowedClients: [in_addr_t]?
  let readBuffer = UnsafeMutablePointer<UInt8>.allocate(capacity: SimulatorLoop.readBytes)

  /// The descriptors stay the caller's; each of `stopSignals` ends the run when it is readable.
  init(
    options: SimulatorOptions, identity: consuming TLSIdentity?, epoll: Int32, listener: Int32,
    stopSignals: [Int32], logFile: Int32?
  ) {
    clockOffsetSeconds = options.clockOffsetSeconds
    latencyNanoseconds = max(options.latencyMilliseconds, 0) * 1_000_000
    examiner = RequestExaminer(options)
    faults = FaultBook(seed: options.seed)
    answerBodies = AnswerBodyWriter(seed: options.seed)
    log = RequestLog(file: logFile)
    takenMessages = options.deduplicates ? TakenMessages() : nil
    allowedClients = options.allowedClients?.map { inet_addr($0) }
    self.identity = identity
    self.epoll = epoll
    self.listener = listener
    watch(listener, EPOLLIN.rawValue, tag: Self.listenerTag, EPOLL_CTL_ADD)
    for stopSignal in stopSignals { watch(stopSignal, EPOLLIN.rawValue, tag: Self.stopTag, EPOLL_CTL_ADD) }
  }

  deinit { readBuffer.deallocate() }

  func run() {
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.eventLimit)
    defer { events.deallocate() }
    var isStopped = false
    while !isStopped {
      let count = Int(epoll_wait(epoll, events, Int32(Self.eventLimit), waitMilliseconds()))
      for index in 0..<max(count, 0) {
        let tag = events[index].data.u64
        if tag == Self.listenerTag {
          acceptConnections()
        } else if tag == Self.stopTag {
          isStopped = true
        } else if let connection = connection(tag) {
          serve(connection, events: events[index].events)
        }
      }
      fireTimers()
      if let due = log.flushDue, due <= Clock.monotonic { log.flush() }
    }
    for connection in connections {
      if let connection { end(connection) }
    }
    log.flush()
  }

  private func waitMilliseconds() -> Int32 {
    let due = min(timers.soonest ?? .max, log.flushDue ?? .max)
    if due == .max { return -1 }
    // Rounded up: waking early would only mean another turn.
    let milliseconds = (max(due - Clock.monotonic, 0) + 999_999) / 1_000_000
    return Int32(clamping: milliseconds)
  }

  // MARK: Connections

  private func connection(_ tag: UInt64) -> Connection? {
    let slot = Int(tag & 0xFFFF_FFFF)
    guard slot < connections.count, let found = connections[slot], found.tag == tag else { return nil }
    return found
  }

  private func acceptConnections() {
    for _ in 0..<Self.acceptLimitPerTurn {
      var peer = sockaddr_in()
      var peerCount = socklen_t(MemoryLayout<sockaddr_in>.size)
      let descriptor = withUnsafeMutablePointer(to: &peer) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(listener, $0, &peerCount) }
      }
      if descriptor < 0 {
        if errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS { pauseAccepting() }
        return
      }
      guard stats.connectionCount < Int64(Self.connectionLimit) else {
        close(descriptor)
        continue
      }
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      var yes: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      open(descriptor, isAllowed: allowedClients?.contains(peer.sin_addr.s_addr) ?? true)
    }
  }

  private func open(_ descriptor: Int32, isAllowed: Bool) {
    var channel: TLSChannel?
    if identity != nil {
      channel = identity?.newChannel()
      guard channel != nil else {
        close(descriptor)
        return
      }
    }
    lastGeneration = (lastGeneration &+ 1) & 0x7FFF_FFFF
    let slot = freeSlots.popLast() ?? connections.count
    let connection = Connection(
      descriptor: descriptor, slot: slot, generation: lastGeneration, channel: channel, isAllowed: isAllowed)
    if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
    connection.interest = EPOLLIN.rawValue
    watch(descriptor, EPOLLIN.rawValue, tag: connection.tag, EPOLL_CTL_ADD)
    stats.connectionOpened()
  }

  /// Without descriptors a listener that stays watched would keep the thread awake.
  private func pauseAccepting() {
    watch(listener, 0, tag: Self.listenerTag, EPOLL_CTL_MOD)
    lastTicket += 1
    let due = Clock.monotonic + Self.acceptPauseMilliseconds * 1_000_000
    timers.add(.init(due: due, ticket: lastTicket, slot: Self.acceptPauseSlot))
  }

  /// Closes, and logs a request that was under way.
  func end(_ connection: Connection) {
    guard connections[connection.slot] === connection else { return }
    finishRequest(connection, answer: nil)
    // The connection must not be served again by whoever still holds it.
    connection.phase = .draining
    connection.timerTicket = 0
    close(connection.descriptor)
    connections[connection.slot] = nil
    freeSlots.append(connection.slot)
    stats.connectionCount -= 1
  }

  func setInterest(_ connection: Connection, _ interest: UInt32) {
    guard connection.interest != interest else { return }
    connection.interest = interest
    watch(connection.descriptor, interest, tag: connection.tag, EPOLL_CTL_MOD)
  }

  private func watch(_ descriptor: Int32, _ interest: UInt32, tag: UInt64, _ operation: Int32) {
    var event = epoll_event()
    event.events = interest
    event.data.u64 = tag
    epoll_ctl(epoll, operation, descriptor, &event)
  }

  // MARK: Time

  func setTimer(_ connection: Connection, after nanoseconds: Int64) {
    lastTicket += 1
    connection.timerTicket = lastTicket
    timers.add(.init(due: Clock.monotonic + nanoseconds, ticket: lastTicket, slot: connection.slot))
  }

  /// No two requests arrive in the same microsecond, so that the log tells their order.
  func arrivalMicroseconds() -> Int64 {
    lastArrival = max(Clock.wallMicroseconds, lastArrival + 1)
    return lastArrival
  }

  private func fireTimers() {
    guard timers.soonest != nil else { return }
    let now = Clock.monotonic
    while let entry = timers.takeDue(now) {
      if entry.slot == Self.acceptPauseSlot {
        watch(listener, EPOLLIN.rawValue, tag: Self.listenerTag, EPOLL_CTL_MOD)
        continue
      }
      guard entry.slot < connections.count, let connection = connections[entry.slot],
        connection.timerTicket == entry.ticket
      else { continue }
      connection.timerTicket = 0
      switch connection.phase {
      case .waiting:
        sendAnswer(connection)
        advance(connection)
      case .draining: end(connection)
      case .receiving: closeIdle(connection)
      case .sending:
        flushOutput(connection)
        advance(connection)
      case .stalled: break
      }
    }
  }
}
