package import BridgeCore
import CLinux
import Glibc

/// An eventfd: whoever waits on it wakes up, however often it was raised.
package struct WakeSignal: ~Copyable, Sendable {
  package let descriptor: Int32

  package init() throws(FatalFault) {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    guard descriptor >= 0 else { throw FatalFault.noFileDescriptorLeft }
  }

  deinit { close(descriptor) }

  package borrowing func raise() { Self.raise(descriptor) }

  /// For holders of the bare number; -1 is nobody.
  static func raise(_ descriptor: Int32) {
    guard descriptor >= 0 else { return }
    var one: UInt64 = 1
    // A full counter is raised already.
    _ = write(descriptor, &one, 8)
  }

  /// Says whether it was raised since it was last cleared.
  package borrowing func clear() -> Bool {
    var count: UInt64 = 0
    return read(descriptor, &count, 8) == 8
  }

  /// Waits until it is raised, at most `span`; leaves it raised.
  package borrowing func wait(atMost span: TimeSpan) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, Int32(clamping: max(span.milliseconds, 0)))
  }
}

extension MonotonicTime {
  /// The machine's clock. Only adapters read it.
  static var now: MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }
}
