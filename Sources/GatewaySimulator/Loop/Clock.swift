internal import Glibc

enum Clock {
  /// Nanoseconds that never step back.
  static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

  /// Microseconds since 1970.
  static var wallMicroseconds: Int64 { read(CLOCK_REALTIME) / 1000 }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
