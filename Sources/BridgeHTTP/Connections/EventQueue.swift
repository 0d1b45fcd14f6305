internal import CLinux
internal import Glibc

/// Which socket an event is about.
enum EventSource {
  /// One that libcurl connects, in the multi handle of a shard.
  case connecting(shard: Int, socket: Int32)
  /// One of ours; the generation tells a reopened connection from the one that was meant.
  case connection(index: Int32, generation: UInt32)

  private static let connectingMark: UInt64 = 1 << 63

  init(word: UInt64) {
    let low = Int32(truncatingIfNeeded: word)
    if word & Self.connectingMark != 0 {
      self = .connecting(shard: Int(word >> 32 & 0x7FFF_FFFF), socket: low)
    } else {
      self = .connection(index: low, generation: UInt32(word >> 32))
    }
  }

  var word: UInt64 {
    switch self {
    case .connecting(let shard, let socket):
      Self.connectingMark | UInt64(shard) << 32 | UInt64(UInt32(bitPattern: socket))
    case .connection(let index, let generation):
      UInt64(generation & 0x7FFF_FFFF) << 32 | UInt64(UInt32(bitPattern: index))
    }
  }
}

/// What a socket is ready for.
struct Readiness {
  var mask: UInt32

  static let reading = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
  static let writing = EPOLLOUT.rawValue
  static let trouble = EPOLLHUP.rawValue | EPOLLERR.rawValue

  var hasInput: Bool { mask & (Self.reading | Self.trouble) != 0 }
  var hasRoom: Bool { mask & (Self.writing | Self.trouble) != 0 }
  var hasTrouble: Bool { mask & Self.trouble != 0 }
}

/// Owns an epoll descriptor and the memory that its events are read into.
struct EventQueue: ~Copyable {
  /// Events of one read; a fuller queue is read again in the same turn.
  static let batchLimit = 256

  let descriptor: Int32
  private let events: UnsafeMutablePointer<epoll_event>

  init() throws(GatewayConnectionFault) {
    let opened = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard opened >= 0 else { throw .noResources(code: errno) }
    descriptor = opened
    events = .allocate(capacity: Self.batchLimit)
    events.initialize(repeating: epoll_event(), count: Self.batchLimit)
  }

  deinit {
    events.deallocate()
    close(descriptor)
  }

  /// How many events are there now; none is waited for.
  mutating func read() -> Int {
    max(0, Int(epoll_wait(descriptor, events, Int32(Self.batchLimit), 0)))
  }

  func event(_ position: Int) -> (EventSource, Readiness) {
    (EventSource(word: events[position].data.u64), Readiness(mask: events[position].events))
  }

  /// Begins or changes watching; false if the system refuses.
  @discardableResult
  static func watch(_ socket: Int32, _ source: EventSource, for mask: UInt32, in descriptor: Int32) -> Bool {
    var event = epoll_event()
    event.events = mask
    event.data.u64 = source.word
    if epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) == 0 { return true }
    return errno == EEXIST && epoll_ctl(descriptor, EPOLL_CTL_MOD, socket, &event) == 0
  }

  static func forget(_ socket: Int32, in descriptor: Int32) {
    var event = epoll_event()
    epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, &event)
  }
}
