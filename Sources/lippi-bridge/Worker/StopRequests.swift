internal import BridgeCore
internal import CLinux
internal import Glibc

/// Requests to stop as something that can be read: signals of the process, or another thread's word.
struct StopRequests: ~Copyable {
  private enum Source {
    case signals
    case thread
  }

  let descriptor: Int32
  private let source: Source

  /// SIGTERM and SIGINT. To be called before any thread is started: threads inherit what is blocked.
  static func signals() throws(FatalFault) -> StopRequests {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    return try StopRequests(signalfd(-1, &signals, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)), .signals)
  }

  /// `raise` of this value, from any thread.
  static func byThread() throws(FatalFault) -> StopRequests {
    try StopRequests(eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)), .thread)
  }

  private init(_ descriptor: Int32, _ source: Source) throws(FatalFault) {
    guard descriptor >= 0 else {
      throw FatalFault(.configuration, "No file descriptor is left; raise the limit of open files.")
    }
    self.descriptor = descriptor
    self.source = source
  }

  deinit { close(descriptor) }

  borrowing func raise() { _ = eventfd_write(descriptor, 1) }

  /// How many came since it was last asked.
  borrowing func take() -> Int {
    switch source {
    case .signals:
      var count = 0
      var signal = signalfd_siginfo()
      while read(descriptor, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 { count += 1 }
      return count
    case .thread:
      var count: UInt64 = 0
      return eventfd_read(descriptor, &count) == 0 ? Int(clamping: count) : 0
    }
  }
}
