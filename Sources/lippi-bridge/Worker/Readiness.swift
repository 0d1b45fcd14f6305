internal import BridgeCore
internal import CLinux
internal import Glibc

/// Waits until one of a few descriptors wants something, or a time has come.
struct Readiness: ~Copyable {
  private let descriptor: Int32

  init() throws(FatalFault) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else {
      throw FatalFault(.configuration, "No file descriptor is left; raise the limit of open files.")
    }
  }

  deinit { close(descriptor) }

  borrowing func watch(_ watched: Int32) {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.fd = watched
    epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event)
  }

  /// Waits at most `span`. The watched are asked afterwards anyway: which one it was does not matter.
  borrowing func wait(atMost span: TimeSpan) {
    var events = epoll_event()
    // Rounded up: waking a fraction early would be a turn for nothing.
    let milliseconds = max(0, (span.microseconds + 999) / 1_000)
    epoll_wait(descriptor, &events, 1, Int32(clamping: milliseconds))
  }
}
