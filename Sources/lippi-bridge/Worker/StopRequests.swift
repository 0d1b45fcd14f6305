internal import BridgeCore
internal import CLinux
internal import Glibc

/// What the process is asked for from outside, as something that can be read: signals, or another thread's word.
struct StopRequests: ~Copyable {
  /// What came since it was last asked.
  struct Taken {
    var stopCount = 0
    /// SIGHUP: whatever may change while it runs is to be read again.
    var wantsRereading = false
  }

  private enum Source {
    case signals
    case thread
  }

  let descriptor: Int32
  private let source: Source

  /// SIGTERM and SIGINT stop, SIGHUP rereads. To be called before any thread is started: threads inherit what is blocked.
  static func signals() throws(FatalFault) -> StopRequests {
    signal(SIGPIPE, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGHUP)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    // nohup has it ignored, and what is ignored cannot be read; blocked as it is it ends nothing.
    signal(SIGHUP, SIG_DFL)
    return try StopRequests(signalfd(-1, &signals, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)), .signals)
  }

  /// `raise` of this value, from any thread.
  static func byThread() throws(FatalFault) -> StopRequests {
    try StopRequests(eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)), .thread)
  }

  private init(_ descriptor: Int32, _ source: Source) throws(FatalFault) {
    guard descriptor >= 0 else { throw FatalFault.noFileDescriptorLeft }
    self.descriptor = descriptor
    self.source = source
  }

  deinit { close(descriptor) }

  borrowing func raise() { _ = eventfd_write(descriptor, 1) }

  borrowing func take() -> Taken {
    var taken = Taken()
    switch source {
    case .signals:
      var signal = signalfd_siginfo()
      while read(descriptor, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 {
        if signal.ssi_signo == UInt32(SIGHUP) {
          taken.wantsRereading = true
        } else {
          taken.stopCount += 1
        }
      }
    case .thread:
      var count: UInt64 = 0
      if eventfd_read(descriptor, &count) == 0 { taken.stopCount = Int(clamping: count) }
    }
    return taken
  }
}
