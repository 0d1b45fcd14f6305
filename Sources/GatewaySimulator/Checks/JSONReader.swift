internal import CSimdjson

enum JSONKind { case object, array, string, number, truth, falsehood, null }

/// One member of an object; the views are valid until the reader reads again.
struct JSONMember {
  var name: Bytes
  var kind: JSONKind
  /// Unescaped for a string, as written for a number, else empty.
  var text: Bytes
  /// An escape in name or text stands for no character.
  var isDamaged: Bool
}

/// Reads JSON objects.
struct JSONReader: ~Copyable {
  static let depthLimit: UInt32 = 16

  private let parser: OpaquePointer

  init() {
    guard let parser = csimdjson_parser_new(Self.depthLimit) else { preconditionFailure("out of memory") }
    self.parser = parser
  }

  deinit { csimdjson_parser_free(parser) }

  /// False for anything but one JSON object; `visit` gets its direct members in order.
  func read(_ document: Bytes, _ visit: (JSONMember) -> Void) -> Bool {
    guard csimdjson_read(parser, document.baseAddress, document.count) == CSIMDJSON_OK,
      let tokens = csimdjson_tokens(parser), csimdjson_token_count(parser) > 0,
      Self.kind(tokens[0].kind) == .object
    else { return false }
    let end = Int(tokens[0].end)
    var index = 1
    while index < end {
      let token = tokens[index]
      visit(
        JSONMember(
          name: Self.view(token.key, token.key_length), kind: Self.kind(token.kind),
          text: Self.view(token.text, token.text_length), isDamaged: token.flags != 0))
      index = max(Int(token.end), index + 1)
    }
    return true
  }

  private static func view(_ start: UnsafePointer<CChar>?, _ count: UInt32) -> Bytes {
    guard let start else { return Bytes(start: nil, count: 0) }
    return Bytes(start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: Int(count))
  }

  private static func kind(_ number: UInt8) -> JSONKind {
    switch UInt32(number) {
    case CSIMDJSON_OBJECT.rawValue: .object
    case CSIMDJSON_ARRAY.rawValue: .array
    case CSIMDJSON_STRING.rawValue: .string
    case CSIMDJSON_NUMBER.rawValue: .number
    case CSIMDJSON_TRUE.rawValue: .truth
    case CSIMDJSON_FALSE.rawValue: .falsehood
    default: .null
    }
  }
}
