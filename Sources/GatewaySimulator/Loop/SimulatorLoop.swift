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
  var examiner: RequestExaminer
  let faultReader = JSONReader()
  var faults: FaultBook
  var log: RequestLog
  var stats = SimulatorStats()
  var answerBodies: AnswerBodyWriter
  var heads = AnswerHeadWriter()
  var body = Octets(capacity: 4096)

  private let epoll: Int32
  private let listener: Int32
  private var timers = TimerHeap()
  private var lastTicket: UInt64 = 0
  private var connections: [Connection?] = []
  private var freeSlots: [Int] = []
  private var lastGeneration: UInt32 = 0
  private var lastArrival: Int64 = 0
  private let readBuffer = UnsafeMutablePointer<UInt8>.allocate(capacity: SimulatorLoop.readBytes)

  /// The descriptors stay the caller's; each of `stopSignals` ends the run when it is readable.
  init(options: SimulatorOptions, epoll: Int32, listener: Int32, stopSignals: [Int32], logFile: Int32?) {
    latencyNanoseconds = max(options.latencyMilliseconds, 0) * 1_000_000
    examiner = RequestExaminer(options)
    faults = FaultBook(seed: options.seed)
    answerBodies = AnswerBodyWriter(seed: options.seed)
    log = RequestLog(file: logFile)
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
      let descriptor = accept(listener, nil, nil)
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
      open(descriptor)
    }
  }

  private func open(_ descriptor: Int32) {
    lastGeneration = (lastGeneration &+ 1) & 0x7FFF_FFFF
    let slot = freeSlots.popLast() ?? connections.count
    let connection = Connection(descriptor: descriptor, slot: slot, generation: lastGeneration)
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
      case .receiving, .sending, .stalled: break
      }
    }
  }

  // MARK: Bytes

  private func serve(_ connection: Connection, events: UInt32) {
    if events & EPOLLOUT.rawValue != 0 && connection.phase == .sending {
      flushOutput(connection)
      advance(connection)
    } else if events & EPOLLIN.rawValue != 0 {
      receive(connection)
    } else {
      end(connection)
    }
  }

  private func receive(_ connection: Connection) {
    let received = recv(connection.descriptor, readBuffer, Self.readBytes, 0)
    if received < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard received > 0 else {
      // The client is gone, or will say nothing more: its request, if any, gets no answer. What was executed
      // stays executed.
      end(connection)
      return
    }
    switch connection.phase {
    case .stalled, .draining: return
    case .receiving, .waiting, .sending:
      connection.input.append(Bytes(start: readBuffer, count: received))
      if connection.input.count > RequestHead.bodyLimitBytes + RequestHead.headLimitBytes + Self.readBytes {
        end(connection)
        return
      }
      advance(connection)
    }
  }

  /// Writes what the socket takes; the rest when it takes more.
  func flushOutput(_ connection: Connection) {
    while !connection.output.isEmpty {
      let view = connection.output.bytes
      let sent = send(connection.descriptor, view.baseAddress, view.count, Int32(MSG_NOSIGNAL))
      if sent >= 0 {
        connection.output.consume(sent)
      } else if errno == EAGAIN {
        setInterest(connection, EPOLLIN.rawValue | EPOLLOUT.rawValue)
        return
      } else if errno != EINTR {
        end(connection)
        return
      }
    }
    connection.output.removeAll(keeping: Self.keptOutputBytes)
    setInterest(connection, EPOLLIN.rawValue)
    outputWasSent(connection)
  }
}
