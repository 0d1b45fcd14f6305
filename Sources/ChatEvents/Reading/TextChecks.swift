/// What can be asked of a text without making a `String`.
enum TextChecks {
  /// Digits kept of an id that comes as a number.
  static let idDigitLimit = 64

  /// Nothing but characters of Unicode's White_Space; `text` is valid UTF-8.
  static func isBlank(_ text: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while position < text.count {
      let byte = text[position]
      switch byte {
      case 0x09...0x0D, 0x20:
        position += 1
      case 0xC2 where position + 1 < text.count && (text[position + 1] == 0x85 || text[position + 1] == 0xA0):
        position += 2
      case 0xE1...0xE3 where position + 2 < text.count && isWideSpace(text, at: position):
        position += 3
      default:
        return false
      }
    }
    return true
  }

  /// U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
  private static func isWideSpace(_ text: UnsafeRawBufferPointer, at position: Int) -> Bool {
    let scalar =
      UInt32(text[position] & 0x0F) << 12 | UInt32(text[position + 1] & 0x3F) << 6
      | UInt32(text[position + 2] & 0x3F)
    switch scalar {
    case 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return true
    default: return false
    }
  }

  /// What a number's token or a text of digits says.
  enum Integer: Equatable {
    case value(Int64)
    /// Digits, but more than 64 bits.
    case outOfRange
    case notAnInteger
  }

  /// `-?[0-9]+` without leading zeros, as JSON writes integers.
  static func integer(_ text: UnsafeRawBufferPointer) -> Integer {
    guard let digits = digits(of: text) else { return .notAnInteger }
    return integer(magnitude: digits, isNegative: digits.count < text.count)
  }

  /// `[0-9]+`, as people write numbers into texts.
  static func digitsOnly(_ text: UnsafeRawBufferPointer) -> Integer {
    guard !text.isEmpty, text.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return .notAnInteger }
    return integer(magnitude: text[...], isNegative: false)
  }

  private static func integer(magnitude digits: Slice<UnsafeRawBufferPointer>, isNegative: Bool) -> Integer {
    var magnitude: UInt64 = 0
    for digit in digits {
      let (product, productOverflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(UInt64(digit - 48))
      guard !productOverflow, !sumOverflow else { return .outOfRange }
      magnitude = sum
    }
    if isNegative {
      guard magnitude <= UInt64(Int64.max) + 1 else { return .outOfRange }
      return .value(Int64(truncatingIfNeeded: 0 &- magnitude))
    }
    return Int64(exactly: magnitude).map { .value($0) } ?? .outOfRange
  }

  /// The digits of an integer's text, without sign; nil if it is none.
  static func digits(of text: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
    let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
    guard let first = digits.first, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }),
      first != 48 || digits.count == 1
    else { return nil }
    return digits
  }
}
