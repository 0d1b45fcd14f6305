/// A day of the proleptic Gregorian calendar, without the operating system's time zones (Hinnant,
/// "chrono-compatible low-level date algorithms").
package struct CivilDate: Equatable, Sendable {
  package var year: Int64
  /// 1 to 12.
  package var month: Int64
  /// 1 to 31.
  package var day: Int64

  package init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// `dayNumber`: days since 1970-01-01.
  package init(dayNumber: Int64) {
    let shifted = dayNumber + 719_468
    let era = Self.floorDivision(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01.
  package var dayNumber: Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = Self.floorDivision(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// 28 to 31.
  package static func dayCount(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  package static func floorDivision(_ number: Int64, _ divisor: Int64) -> Int64 {
    number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
  }
}

extension ByteBuffer {
  /// A number from 0 with at least `digits` digits.
  package mutating func appendPadded(_ number: Int64, digits: Int) {
    var divisor: Int64 = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 1, number < divisor {
      append(UInt8(ascii: "0"))
      divisor /= 10
    }
    appendDecimal(number)
  }

  /// Appends `time` as `2019-12-23T10:42:12.390Z`. Times before 1970 and behind the year 9999 are written as the
  /// nearest one that has four digits for its year.
  package mutating func appendTime(_ time: WallTime) {
    let latest: Int64 = 253_402_300_799_999
    let milliseconds = min(max(time.milliseconds, 0), latest)
    let day = milliseconds / 86_400_000
    let inDay = milliseconds % 86_400_000
    let date = CivilDate(dayNumber: day)
    let clock = inDay / 1_000
    appendUninitialized(24) { text in
      func write(_ position: Int, _ digit: Int64) {
        text.storeBytes(of: UInt8(truncatingIfNeeded: digit) &+ 48, toByteOffset: position, as: UInt8.self)
      }
      func writePair(_ position: Int, _ number: Int64, _ mark: Unicode.Scalar) {
        write(position, number / 10)
        write(position &+ 1, number % 10)
        text.storeBytes(of: UInt8(ascii: mark), toByteOffset: position &+ 2, as: UInt8.self)
      }
      write(0, date.year / 1_000)
      write(1, date.year / 100 % 10)
      writePair(2, date.year % 100, "-")
      writePair(5, date.month, "-")
      writePair(8, date.day, "T")
      writePair(11, clock / 3_600, ":")
      writePair(14, clock / 60 % 60, ":")
      writePair(17, clock % 60, ".")
      write(20, inDay / 100 % 10)
      writePair(21, inDay % 100, "Z")
      return 24
    }
  }

  /// `2019-12-23` and `08:15:32` with `separator` between, of seconds since 1970.
  package mutating func appendDateAndTime(_ seconds: Int64, separator: UInt8) {
    let dayNumber = CivilDate.floorDivision(seconds, 86_400)
    let rest = seconds - dayNumber * 86_400
    let date = CivilDate(dayNumber: dayNumber)
    appendPadded(date.year, digits: 4)
    append(UInt8(ascii: "-"))
    appendPadded(date.month, digits: 2)
    append(UInt8(ascii: "-"))
    appendPadded(date.day, digits: 2)
    append(separator)
    appendPadded(rest / 3_600, digits: 2)
    append(UInt8(ascii: ":"))
    appendPadded(rest / 60 % 60, digits: 2)
    append(UInt8(ascii: ":"))
    appendPadded(rest % 60, digits: 2)
  }
}
