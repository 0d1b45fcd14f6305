/// How often something happens, measured over spans of a given length at least. It falls slowly: what came fast is
/// expected to come fast again.
struct FlowRate {
  private var count: Int64 = 0
  private var begunAt: MonotonicTime?
  private var perSecond: Int64 = 0

  mutating func happened() { count += 1 }

  /// Ends the span under way, if it has lasted for `length`.
  mutating func measure(over length: TimeSpan, at now: MonotonicTime) {
    if let begunAt {
      let elapsed = now - begunAt
      guard elapsed >= length, elapsed.microseconds > 0 else { return }
      perSecond = max(count * 1_000_000 / elapsed.microseconds, perSecond * 3 / 4)
      count = 0
    }
    begunAt = now
  }

  /// How often it will probably happen within `span`, rounded up.
  func expected(in span: TimeSpan) -> Int { Int((perSecond * span.microseconds + 999_999) / 1_000_000) }
}
