internal import BridgeCore
internal import CLinux
internal import Glibc

/// Waits until one of a few descriptors wants something, or a time has come.
struct Readiness: ~Copyable {
  /// Whose descriptors.
  struct Sources: OptionSet {
    let rawValue: UInt32
    static let stop = Sources(rawValue: 1)
    static let operators = Sources(rawValue: 2)
    static let membership = Sources(rawValue: 4)
    static let records = Sources(rawValue: 8)
    static let committer = Sources(rawValue: 16)
    static let gateway = Sources(rawValue: 32)
    static let all: Sources = [.stop, .operators, .membership, .records, .committer, .gateway]
    fileprivate static let count = 6
  }

  private let descriptor: Int32

  init() throws(FatalFault) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw FatalFault.noFileDescriptorLeft }
  }

  deinit { close(descriptor) }

  borrowing func watch(_ watched: Int32, as source: Sources) {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u32 = source.rawValue
    epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event)
  }

  /// Waits at most `span`; says who wants something. What is not looked at now is told again the next time.
  borrowing func wait(atMost span: TimeSpan) -> Sources {
    // Rounded up: waking a fraction early would be a turn for nothing.
    let milliseconds = max(0, (span.microseconds + 999) / 1_000)
    return withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Sources.count) { events in
      let count = epoll_wait(
        descriptor, events.baseAddress, Int32(events.count), Int32(clamping: milliseconds))
      // Interrupted: the process was stopped, and much may have come meanwhile.
      guard count >= 0 else { return .all }
      var found: Sources = []
      for place in 0..<Int(count) { found.formUnion(Sources(rawValue: events[place].data.u32)) }
      return found
    }
  }
}
