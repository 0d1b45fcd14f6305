/// Why a text is no value of the kind asked for; a sentence part that follows the key and its value.
package struct ValueFault: Error {
  package var sentence: String

  init(_ sentence: String) { self.sentence = sentence }
}

/// Durations: a whole number and a unit.
package enum DurationText {
  static let units: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
  ]

  package static func milliseconds(_ text: String) throws(ValueFault) -> Int64 {
    try UnitText.value(text, kind: "a duration", units: units, example: "500ms, 15s, 2m or 1h")
  }

  /// In the largest unit that leaves a whole number.
  static func text(_ milliseconds: Int64) -> String { UnitText.text(milliseconds, units: units) }
}

/// Sizes: a whole number and a unit of 1024.
enum SizeText {
  static let units: [(name: String, bytes: Int64)] = [
    ("B", 1), ("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824),
  ]

  static func bytes(_ text: String) throws(ValueFault) -> Int64 {
    try UnitText.value(text, kind: "a size", units: units, example: "512B, 64KiB or 1MiB")
  }

  static func text(_ bytes: Int64) -> String { UnitText.text(bytes, units: units) }
}

/// Shares: 0.5, at most three digits behind the point; as parts in 1 000.
enum ShareText {
  static func thousandths(_ text: String) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, whole == "0" || whole == "1" else { return nil }
    let digits = parts.count == 2 ? parts[1] : "0"
    guard (1...3).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      let rest = Int64(String(digits) + String(repeating: "0", count: 3 - digits.count))
    else { return nil }
    let value = (whole == "1" ? 1_000 : 0) + rest
    return (1...1_000).contains(value) ? value : nil
  }

  static func text(_ thousandths: Int64) -> String {
    guard thousandths < 1_000 else { return "1" }
    var digits = String(String(1_000 + thousandths).dropFirst())
    while digits.last == "0" { digits.removeLast() }
    return "0.\(digits)"
  }
}

private enum UnitText {
  static func value(
    _ text: String, kind: String, units: [(name: String, Int64)], example: String
  ) throws(ValueFault) -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count)
    guard !digits.isEmpty else {
      throw ValueFault("is not \(kind); allowed is a whole number with a unit, like \(example)")
    }
    guard !unit.isEmpty else {
      throw ValueFault("has no unit; \(kind) is written like \(example)")
    }
    guard let factor = units.first(where: { $0.name == unit })?.1 else {
      let names = units.map(\.name)
      let unitText = String(unit)
      var sentence = "has the unknown unit \(quoted(unitText)); allowed are \(names.joined(separator: ", "))"
      let meant =
        names.first { $0.lowercased() == unitText.lowercased() }
        ?? names.first { !$0.isEmpty && $0.count > 1 && $0.first == unit.first && $0.last == unit.last }
      if let meant { sentence += "; did you mean \(digits)\(meant)?" }
      throw ValueFault(sentence)
    }
    guard let number = Int64(digits) else { throw ValueFault("is too large a number") }
    let (value, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw ValueFault("is too large a number") }
    return value
  }

  static func text(_ value: Int64, units: [(name: String, Int64)]) -> String {
    guard value != 0 else { return "0\(units[0].name)" }
    let unit = units.last { value % $0.1 == 0 } ?? units[0]
    return "\(value / unit.1)\(unit.name)"
  }
}
