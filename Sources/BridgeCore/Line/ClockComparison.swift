/// Compares this machine's clock with the gateway's, by the `Date` of its answers. That has whole seconds, and was
/// written somewhere between request and answer.
package struct ClockComparison: Sendable {
  /// Beyond this, times that the gateway's side or our clock tell are not trusted for ending an event.
  package static let trustLimit = TimeSpan.seconds(60)

  /// Milliseconds of the gateway's clock less those of the monotonic one.
  private var gatewayOffset: Int64?
  private var uncertainty: Int64 = 0

  package init() {}

  /// `date`: seconds since 1970, cut.
  mutating func answered(date: Int64, from start: MonotonicTime, to end: MonotonicTime) {
    let halfTrip = (end - start).milliseconds / 2
    let middle = start.microseconds / 1_000 + halfTrip
    gatewayOffset = date &* 1_000 &+ 500 &- middle
    uncertainty = 500 + halfTrip
  }

  /// How much this clock is ahead of the gateway's; zero if that cannot be told from none, nil if nothing is known.
  package func skew(at now: Moment) -> TimeSpan? {
    guard let gatewayOffset else { return nil }
    let ahead = now.wall.milliseconds &- (gatewayOffset &+ now.monotonic.microseconds / 1_000)
    return ahead.magnitude <= UInt64(uncertainty) ? .zero : .milliseconds(ahead)
  }

  /// Whether this clock may decide that an event is too old.
  func isTrusted(at now: Moment) -> Bool {
    guard let skew = skew(at: now) else { return true }
    return skew.microseconds.magnitude <= UInt64(Self.trustLimit.microseconds)
  }
}
