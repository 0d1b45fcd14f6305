import BridgeCore

/// RFC 3339 times.
enum TimeText {
  /// Milliseconds since 1970, cut; nil if the text is not a time of RFC 3339, section 5.6. A leap second ends a day in
  /// UTC, and counts as the first second of the next.
  static func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.count >= 20, text[4] == dash, text[7] == dash, text[10] | 0x20 == UInt8(ascii: "t"),
      text[13] == colon, text[16] == colon,
      let year = number(text, 0, 4), let month = number(text, 5, 2), let day = number(text, 8, 2),
      let hour = number(text, 11, 2), let minute = number(text, 14, 2), let second = number(text, 17, 2),
      (1...12).contains(month), day >= 1, day <= CivilDate.dayCount(ofMonth: month, year: year), hour <= 23,
      minute <= 59,
      second <= 60
    else { return nil }
    var position = 19
    var fraction: Int64 = 0
    if text[position] == UInt8(ascii: ".") {
      position += 1
      var digitCount = 0
      while position < text.count, let digit = digit(text[position]) {
        if digitCount < 3 { fraction = fraction * 10 + digit }
        digitCount += 1
        position += 1
      }
      guard digitCount > 0 else { return nil }
      for _ in min(digitCount, 3)..<3 { fraction *= 10 }
    }
    guard let offset = offsetMinutes(text, at: position) else { return nil }
    let seconds =
      CivilDate(year: year, month: month, day: day).dayNumber * 86_400 + hour * 3_600 + minute * 60
      + second - offset * 60
    guard second < 60 || seconds % 86_400 == 0 else { return nil }
    return seconds * 1_000 + fraction
  }

  private static let dash = UInt8(ascii: "-")
  private static let colon = UInt8(ascii: ":")

  /// `Z` or `±hh:mm`, and nothing behind.
  private static func offsetMinutes(_ text: UnsafeRawBufferPointer, at position: Int) -> Int64? {
    guard position < text.count else { return nil }
    switch text[position] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"):
      return position + 1 == text.count ? 0 : nil
    case UInt8(ascii: "+"), dash:
      guard position + 6 == text.count, text[position + 3] == colon,
        let hours = number(text, position + 1, 2),
        let minutes = number(text, position + 4, 2), hours <= 23, minutes <= 59
      else { return nil }
      return (text[position] == dash ? -1 : 1) * (hours * 60 + minutes)
    default:
      return nil
    }
  }

  private static func number(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int64? {
    var number: Int64 = 0
    for index in start..<start + count {
      guard let digit = digit(text[index]) else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    byte >= 48 && byte <= 57 ? Int64(byte - 48) : nil
  }
}
