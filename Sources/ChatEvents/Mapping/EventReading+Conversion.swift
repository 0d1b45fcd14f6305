import BridgeCore
import CSimdjson

/// What a mapping makes of a value before the rules of the member are applied.
extension EventReading {
  struct ConversionFault: Error {
    var code: ProblemCode
  }

  /// A value as the member's rules read it.
  enum Converted {
    case token(csimdjson_token)
    /// The text made in `ReadingScratch`.
    case madeText
    case madeNumber

    func token(_ made: UnsafeRawBufferPointer) -> csimdjson_token {
      switch self {
      case .token(let token): token
      case .madeText: .string(made)
      case .madeNumber: .number(made)
      }
    }
  }

  /// Numbers below are epoch seconds, others milliseconds: the year 5138, and March 1973.
  private static let firstMilliseconds = 100_000_000_000.0

  func convert(
    _ token: csimdjson_token, _ entry: MappedMember, _ tokens: Tokens, at position: Int,
    _ scratch: inout ReadingScratch
  ) -> Result<Converted, ConversionFault> {
    if !entry.values.isEmpty || entry.otherValue != nil { return translate(token, entry) }
    guard let conversion = entry.conversion else { return .success(.token(token)) }
    if token.hasBadText { return .success(.token(token)) }
    switch conversion {
    case .text: return text(token)
    case .number: return number(token, &scratch)
    case .time: return time(token, &scratch)
    case .json:
      if position >= 0 {
        JSONText.append(tokens, at: position, to: &scratch.text)
      } else {
        scratch.text.appendJSONString(token.textBytes)
      }
      return .success(.madeText)
    }
  }

  private func translate(_ token: csimdjson_token, _ entry: MappedMember) -> Result<
    Converted, ConversionFault
  > {
    guard case .success(.token(let text)) = text(token) else {
      return .failure(ConversionFault(code: .wrongType))
    }
    for (from, to) in entry.values where from.bytes.withUnsafeBytes({ text.textBytes.equals($0) }) {
      // The array lives as long as the rules do.
      return to.bytes.withUnsafeBytes { .success(.token(.string($0))) }
    }
    guard let other = entry.otherValue else { return .failure(ConversionFault(code: .mapping)) }
    return other.bytes.withUnsafeBytes { .success(.token(.string($0))) }
  }

  private func text(_ token: csimdjson_token) -> Result<Converted, ConversionFault> {
    if token.isString { return .success(.token(token)) }
    if token.isNumber { return .success(.token(.string(token.textBytes))) }
    guard token.isTrue || token.isFalse else { return .failure(ConversionFault(code: .wrongType)) }
    let name: StaticString = token.isTrue ? "true" : "false"
    return .success(
      .token(.string(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))))
  }

  private func number(
    _ token: csimdjson_token, _ scratch: inout ReadingScratch
  ) -> Result<Converted, ConversionFault> {
    guard token.isString || token.isNumber else { return .failure(ConversionFault(code: .wrongType)) }
    guard TextChecks.integer(token.textBytes) == .notAnInteger else { return .success(.token(token)) }
    guard let value = Self.decimal(token.textBytes), value.rounded() == value else {
      return .failure(ConversionFault(code: .wrongType))
    }
    guard let number = Int64(exactly: value) else { return .failure(ConversionFault(code: .outOfRange)) }
    scratch.text.appendDecimal(number)
    return .success(.madeNumber)
  }

  private func time(
    _ token: csimdjson_token, _ scratch: inout ReadingScratch
  ) -> Result<Converted, ConversionFault> {
    guard token.isString || token.isNumber else { return .failure(ConversionFault(code: .wrongType)) }
    guard token.text_length > 0 else { return .success(.token(token)) }
    let milliseconds: Int64
    if let value = Self.decimal(token.textBytes) {
      let scaled = value.magnitude < Self.firstMilliseconds ? value * 1_000 : value
      guard let exact = Int64(exactly: scaled.rounded(.down)) else {
        return .failure(ConversionFault(code: .outOfRange))
      }
      milliseconds = exact
    } else if let time = TimeText.milliseconds(token.textBytes) {
      milliseconds = time
    } else {
      return .failure(ConversionFault(code: .badTime))
    }
    scratch.text.appendDecimal(milliseconds)
    return .success(.madeNumber)
  }

  /// A number as JSON writes it; nil for any other text.
  private static func decimal(_ text: UnsafeRawBufferPointer) -> Double? {
    guard let last = text.last, last >= 48, last <= 57, text[0] == UInt8(ascii: "-") || text[0] >= 48 else {
      return nil
    }
    let isNumber = text.allSatisfy { byte in
      (byte >= 48 && byte <= 57) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
        || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    }
    return isNumber ? Double(String(decoding: text, as: UTF8.self)) : nil
  }
}

extension csimdjson_token {
  static func number(_ digits: UnsafeRawBufferPointer) -> csimdjson_token {
    var token = csimdjson_token.string(digits)
    token.kind = UInt8(CSIMDJSON_NUMBER.rawValue)
    return token
  }
}

/// Tokens as JSON text again, without white space.
private enum JSONText {
  static func append(_ tokens: EventReading.Tokens, at index: Int, to text: inout ByteBuffer) {
    let token = tokens[index]
    if token.isObject || token.isArray {
      appendMembers(tokens, of: index, to: &text)
    } else if token.isString {
      text.appendJSONString(token.textBytes)
    } else if token.isNumber {
      text.append(token.textBytes)
    } else if token.isNull {
      text.append("null")
    } else {
      text.append(token.isTrue ? "true" : "false")
    }
  }

  private static func appendMembers(_ tokens: EventReading.Tokens, of index: Int, to text: inout ByteBuffer) {
    let isObject = tokens[index].isObject
    text.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
    var position = index + 1
    while position < Int(tokens[index].end) {
      if position > index + 1 { text.append(UInt8(ascii: ",")) }
      if isObject {
        text.appendJSONString(tokens[position].keyBytes)
        text.append(UInt8(ascii: ":"))
      }
      append(tokens, at: position, to: &text)
      position = Int(tokens[position].end)
    }
    text.append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
  }
}
