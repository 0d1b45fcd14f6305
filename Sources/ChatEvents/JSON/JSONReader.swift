package import CSimdjson
import Glibc

/// Reads JSON texts into tokens (see `CSimdjson.h`); one per thread, reused.
package struct JSONReader: ~Copyable {
  private let parser: OpaquePointer

  /// Containers nest at most `depthLimit` deep.
  package init(depthLimit: UInt32) {
    guard let parser = csimdjson_parser_new(depthLimit) else { preconditionFailure("no memory for a parser") }
    self.parser = parser
  }

  deinit { csimdjson_parser_free(parser) }

  /// Gives the tokens of a text that is whole and right, or the status that says why it is not. Tokens and what they
  /// point to are valid inside `visit` only.
  package mutating func read<Result>(
    _ text: UnsafeRawBufferPointer,
    _ visit: (csimdjson_status, UnsafeBufferPointer<csimdjson_token>) -> Result
  ) -> Result {
    let status = csimdjson_read(parser, text.baseAddress, text.count)
    guard status == CSIMDJSON_OK else { return visit(status, UnsafeBufferPointer(start: nil, count: 0)) }
    return visit(
      status,
      UnsafeBufferPointer(start: csimdjson_tokens(parser), count: Int(csimdjson_token_count(parser))))
  }
}

extension csimdjson_token {
  package var keyBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: key, count: Int(key_length)) }
  package var textBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text, count: Int(text_length))
  }
  package var isObject: Bool { kind == UInt8(CSIMDJSON_OBJECT.rawValue) }
  package var isArray: Bool { kind == UInt8(CSIMDJSON_ARRAY.rawValue) }
  package var isString: Bool { kind == UInt8(CSIMDJSON_STRING.rawValue) }
  package var isNumber: Bool { kind == UInt8(CSIMDJSON_NUMBER.rawValue) }
  package var isTrue: Bool { kind == UInt8(CSIMDJSON_TRUE.rawValue) }
  package var isFalse: Bool { kind == UInt8(CSIMDJSON_FALSE.rawValue) }
  package var isNull: Bool { kind == UInt8(CSIMDJSON_NULL.rawValue) }
  /// The text cannot be written in UTF-8: it has a lone surrogate.
  package var hasBadText: Bool { flags & UInt8(CSIMDJSON_BAD_TEXT) != 0 }
  package var hasBadKey: Bool { flags & UInt8(CSIMDJSON_BAD_KEY) != 0 }
}

extension UnsafeRawBufferPointer {
  /// Byte for byte.
  package func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && memoryMatches(text.utf8Start)
  }

  package func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    return other.baseAddress.map { memoryMatches($0) } ?? true
  }

  /// Byte for byte, ASCII letters of any case.
  package func equalsIgnoringCase(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count where Self.lowercased(self[index]) != Self.lowercased(text.utf8Start[index]) {
      return false
    }
    return true
  }

  package func equalsIgnoringCase(_ other: UnsafeRawBufferPointer) -> Bool {
    count == other.count && zip(self, other).allSatisfy { Self.lowercased($0) == Self.lowercased($1) }
  }

  private func memoryMatches(_ other: UnsafeRawPointer) -> Bool {
    baseAddress.map { memcmp($0, other, count) == 0 } ?? true
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }
}
