/// A point on the machine's monotonic clock, in microseconds; only differences mean anything.
package struct MonotonicTime: Comparable, Hashable, Sendable {
  package var microseconds: Int64
  package init(microseconds: Int64) { self.microseconds = microseconds }

  /// So long ago that every span has passed since; differences to it do not overflow.
  package static let distantPast = MonotonicTime(microseconds: .min / 2)

  package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
  package static func + (time: Self, span: TimeSpan) -> Self {
    Self(microseconds: time.microseconds &+ span.microseconds)
  }
  package static func - (time: Self, span: TimeSpan) -> Self {
    Self(microseconds: time.microseconds &- span.microseconds)
  }
  package static func - (later: Self, earlier: Self) -> TimeSpan {
    TimeSpan(microseconds: later.microseconds &- earlier.microseconds)
  }
}

/// A length of time in microseconds.
package struct TimeSpan: Comparable, Hashable, Sendable {
  package var microseconds: Int64
  package init(microseconds: Int64) { self.microseconds = microseconds }

  package static let zero = TimeSpan(microseconds: 0)
  package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(microseconds: count * 1_000) }
  package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(microseconds: count * 1_000_000) }

  /// Whole milliseconds, cut.
  package var milliseconds: Int64 { microseconds / 1_000 }

  package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
  package static func + (left: Self, right: Self) -> Self {
    Self(microseconds: left.microseconds &+ right.microseconds)
  }
  package static func += (left: inout Self, right: Self) { left = left + right }
}

/// Milliseconds since 1970 (UTC), as Kafka and the gateway count.
package struct WallTime: Comparable, Hashable, Sendable {
  package var milliseconds: Int64
  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

/// Both clocks, read together once per turn of the loop and handed down: nothing below reads a clock.
package struct Moment: Sendable {
  package var monotonic: MonotonicTime
  package var wall: WallTime
  package init(monotonic: MonotonicTime, wall: WallTime) {
    self.monotonic = monotonic
    self.wall = wall
  }
}
