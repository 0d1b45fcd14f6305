import BridgeCore

/// The date format of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete ones count as none.
enum HTTPDate {
  /// Seconds since 1970, or nil.
  static func seconds(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.count == 29, text[3] == UInt8(ascii: ","), text[19] == UInt8(ascii: ":"),
      text[22] == UInt8(ascii: ":"), part(text, 25, 4).matches(" gmt"),
      let day = number(text, 5, 2), let month = month(part(text, 8, 3)), let year = number(text, 12, 4),
      let hour = number(text, 17, 2), let minute = number(text, 20, 2), let second = number(text, 23, 2),
      (1...31).contains(day), year >= 1970, hour < 24, minute < 60, second <= 60
    else { return nil }
    let days = CivilDate(year: year, month: month, day: day).dayNumber
    return days * 86_400 + hour * 3_600 + minute * 60 + second
  }

  private static func part(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int)
    -> UnsafeRawBufferPointer
  {
    UnsafeRawBufferPointer(rebasing: text[start..<(start + count)])
  }

  private static func number(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int64? {
    part(text, start, count).decimalValue(limit: 9_999)
  }

  private static let months: [StaticString] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  private static func month(_ name: UnsafeRawBufferPointer) -> Int64? {
    months.firstIndex { name.matches($0) }.map { Int64($0 + 1) }
  }
}
