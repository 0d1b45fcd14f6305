/// RFC 3339 times.
package enum TimeText {
  /// Milliseconds since 1970; finer fractions are cut. `nil` if the text is no such time.
  package static func epochMilliseconds(_ text: String) -> Int64? {
    var rest = Substring(text).utf8
    guard let year = number(&rest, digits: 4), take("-", &rest), let month = number(&rest, digits: 2),
      take("-", &rest), let day = number(&rest, digits: 2), take("T", &rest) || take("t", &rest),
      let hour = number(&rest, digits: 2), take(":", &rest), let minute = number(&rest, digits: 2),
      take(":", &rest), let second = number(&rest, digits: 2)
    else { return nil }
    var milliseconds: Int64 = 0
    if take(".", &rest) {
      let fraction = rest.prefix(while: isDigit)
      guard !fraction.isEmpty else { return nil }
      for place in 0..<3 {
        let index = fraction.index(fraction.startIndex, offsetBy: place, limitedBy: fraction.endIndex)
        let digit = index.flatMap { $0 < fraction.endIndex ? Int64(fraction[$0] - 0x30) : nil }
        milliseconds = milliseconds * 10 + (digit ?? 0)
      }
      rest = rest[fraction.endIndex...]
    }
    guard let offsetMinutes = offset(&rest), rest.isEmpty, (1...12).contains(month), day >= 1,
      day <= daysIn(month, of: year), hour <= 23, minute <= 59, second <= 60
    else { return nil }
    let minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offsetMinutes
    return (minutes * 60 + second) * 1_000 + milliseconds
  }

  private static func offset(_ rest: inout Substring.UTF8View) -> Int64? {
    if take("Z", &rest) || take("z", &rest) { return 0 }
    let isWest = take("-", &rest)
    guard isWest || take("+", &rest), let hours = number(&rest, digits: 2), take(":", &rest),
      let minutes = number(&rest, digits: 2), hours <= 23, minutes <= 59
    else { return nil }
    return (isWest ? -1 : 1) * (hours * 60 + minutes)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func number(_ rest: inout Substring.UTF8View, digits: Int) -> Int64? {
    let taken = rest.prefix(digits)
    guard taken.count == digits, taken.allSatisfy(isDigit) else { return nil }
    rest = rest[taken.endIndex...]
    return taken.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  private static func take(_ character: Unicode.Scalar, _ rest: inout Substring.UTF8View) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days of the proleptic Gregorian calendar, counted in years that begin in March.
  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}
