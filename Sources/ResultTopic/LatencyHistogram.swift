/// Counts of milliseconds in bounded memory, however many there are: exact below 512, and within 0.4 % above.
package struct LatencyHistogram {
  /// Steps from one power of two to the next.
  private static let steps = 256
  private static let octaves = 64 - 8

  private var counts = [UInt32](repeating: 0, count: LatencyHistogram.steps * (LatencyHistogram.octaves + 1))
  package private(set) var totalCount = 0

  package init() {}

  package mutating func add(_ milliseconds: Int64) {
    let index = Self.index(of: UInt64(max(0, milliseconds)))
    if counts[index] < .max { counts[index] += 1 }
    totalCount += 1
  }

  /// The smallest value that at least `share` (0 to 1) of all do not exceed; nil without any.
  package func quantile(_ share: Double) -> Int64? {
    guard totalCount > 0 else { return nil }
    let wanted = max(1, Int((share * Double(totalCount)).rounded(.up)))
    var seen = 0
    for (index, count) in counts.enumerated() where count > 0 {
      seen += Int(count)
      if seen >= wanted { return Int64(clamping: Self.lowest(of: index)) }
    }
    return nil
  }

  private static func index(of value: UInt64) -> Int {
    guard value >= UInt64(steps) else { return Int(value) }
    let octave = 63 - value.leadingZeroBitCount - 8
    return steps * (octave + 1) + Int(value >> UInt64(octave)) - steps
  }

  private static func lowest(of index: Int) -> UInt64 {
    guard index >= steps else { return UInt64(index) }
    let octave = index / steps - 1
    return UInt64(index % steps + steps) << UInt64(octave)
  }
}
