/// How often something took how long. Recording is a few comparisons and two additions.
package struct TimeHistogram: Sendable, Equatable {
  /// Upper bounds of the buckets in microseconds, each included; what is longer than the last has a bucket of its own.
  package static let bounds: [Int64] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000, 60_000_000,
  ]

  /// By bucket, not cumulated; one more than there are bounds.
  package private(set) var counts = [Int](repeating: 0, count: 16)
  package private(set) var sum = TimeSpan.zero

  package init() {}

  package var count: Int { counts.reduce(0, +) }

  /// A clock that was set back counts as no time.
  package mutating func record(_ span: TimeSpan) {
    let microseconds = max(span.microseconds, 0)
    counts[Self.bucket(of: microseconds)] &+= 1
    sum = TimeSpan(microseconds: sum.microseconds &+ microseconds)
  }

  /// The bounds as constants: a table would be loaded first.
  private static func bucket(of microseconds: Int64) -> Int {
    if microseconds <= 100_000 {
      if microseconds <= 5_000 { return microseconds <= 1_000 ? 0 : microseconds <= 2_500 ? 1 : 2 }
      if microseconds <= 25_000 { return microseconds <= 10_000 ? 3 : 4 }
      return microseconds <= 50_000 ? 5 : 6
    }
    if microseconds <= 2_500_000 {
      if microseconds <= 500_000 { return microseconds <= 250_000 ? 7 : 8 }
      return microseconds <= 1_000_000 ? 9 : 10
    }
    if microseconds <= 10_000_000 { return microseconds <= 5_000_000 ? 11 : 12 }
    return microseconds <= 30_000_000 ? 13 : microseconds <= 60_000_000 ? 14 : 15
  }
}
