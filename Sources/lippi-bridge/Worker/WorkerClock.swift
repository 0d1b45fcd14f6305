internal import BridgeCore
internal import Glibc

/// The only place of the worker that reads clocks.
enum WorkerClock {
  static func now() -> Moment {
    var monotonic = timespec()
    var wall = timespec()
    clock_gettime(CLOCK_MONOTONIC, &monotonic)
    clock_gettime(CLOCK_REALTIME, &wall)
    return Moment(
      monotonic: MonotonicTime(
        microseconds: Int64(monotonic.tv_sec) * 1_000_000 + Int64(monotonic.tv_nsec) / 1_000),
      wall: WallTime(milliseconds: Int64(wall.tv_sec) * 1_000 + Int64(wall.tv_nsec) / 1_000_000))
  }
}
