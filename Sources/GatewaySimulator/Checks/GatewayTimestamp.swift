/// `yyyy-MM-dd HH:mm:ss` in GMT+8.
enum GatewayTimestamp {
  /// How far a timestamp may be off the gateway's clock.
  static let windowSeconds: Int64 = 600
  private static let zoneSeconds: Int64 = 8 * 3600

  /// Seconds since 1970, nil for a text of another form.
  static func second(_ text: Bytes) -> Int64? {
    guard text.count == 19, text[4] == 45, text[7] == 45, text[10] == 32, text[13] == 58, text[16] == 58,
      let year = text.slice(0, 4).decimal, let month = text.slice(5, 7).decimal,
      let day = text.slice(8, 10).decimal, let hour = text.slice(11, 13).decimal,
      let minute = text.slice(14, 16).decimal, let second = text.slice(17, 19).decimal,
      (1...12).contains(month), day >= 1, day <= dayCount(year, month), hour <= 23, minute <= 59, second <= 59
    else { return nil }
    return days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zoneSeconds
  }

  private static func dayCount(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970 in the Gregorian calendar, counted with years that begin in March.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
