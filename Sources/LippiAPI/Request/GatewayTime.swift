package import BridgeCore

/// `yyyy-MM-dd HH:mm:ss` in GMT+8, as the gateway reads `timestamp`.
package struct GatewayTime {
  private var second: Int64 = .min
  private var text: [UInt8] = []

  package init() {}

  /// The text for a time; made anew once a second.
  package mutating func text(at time: WallTime) -> [UInt8] {
    let seconds = Self.floorDivision(time.milliseconds, 1_000)
    if seconds != second {
      second = seconds
      text = Self.make(seconds + 8 * 3_600)
    }
    return text
  }

  private static func make(_ localSeconds: Int64) -> [UInt8] {
    let days = floorDivision(localSeconds, 86_400)
    let rest = localSeconds - days * 86_400
    let (year, month, day) = date(ofDay: days)
    var text: [UInt8] = []
    append(year, digits: 4, to: &text)
    for (mark, number) in [("-", month), ("-", day), (" ", rest / 3_600), (":", rest / 60 % 60), (":", rest % 60)] {
      text += mark.utf8
      append(number, digits: 2, to: &text)
    }
    return text
  }

  private static func append(_ number: Int64, digits: Int, to text: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }

  private static func floorDivision(_ number: Int64, _ divisor: Int64) -> Int64 {
    number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
  }

  /// Proleptic Gregorian date of a day since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
  private static func date(ofDay number: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = number + 719_468
    let era = floorDivision(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
