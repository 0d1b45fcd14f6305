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

/// SIGTERM and SIGINT as something that can be read.
struct StopSignals: ~Copyable {
  let descriptor: Int32

  /// To be called before any thread is started: threads inherit what is blocked.
  init() throws(FatalFault) {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    descriptor = signalfd(-1, &signals, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
    guard descriptor >= 0 else {
      throw FatalFault(.configuration, "No file descriptor is left; raise the limit of open files.")
    }
  }

  deinit { close(descriptor) }

  /// How many came since it was last asked.
  borrowing func take() -> Int {
    var count = 0
    var signal = signalfd_siginfo()
    while read(descriptor, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 { count += 1 }
    return count
  }
}
