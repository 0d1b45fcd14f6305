import CSimdjson

/// The body of a pause: `{"reason":"…"}`.
enum PauseBody {
  /// Nil unless it is there, a text, not blank and short enough. Further members are ignored.
  static func reason(in body: [UInt8]) -> String? {
    guard let parser = csimdjson_parser_new(8) else { return nil }
    defer { csimdjson_parser_free(parser) }
    guard csimdjson_read(parser, body, body.count) == CSIMDJSON_OK, csimdjson_token_count(parser) > 0,
      let tokens = csimdjson_tokens(parser), UInt32(tokens[0].kind) == CSIMDJSON_OBJECT.rawValue
    else { return nil }
    var index = 1
    while index < Int(tokens[0].end) {
      let token = tokens[index]
      index = max(Int(token.end), index + 1)
      guard text(token.key, token.key_length) == "reason" else { continue }
      guard UInt32(token.kind) == CSIMDJSON_STRING.rawValue, token.flags == 0,
        let reason = text(token.text, token.text_length), reason.utf8.count <= AdminRoutes.reasonByteLimit,
        !reason.unicodeScalars.allSatisfy(\.properties.isWhitespace)
      else { return nil }
      return reason
    }
    return nil
  }

  private static func text(_ start: UnsafePointer<CChar>?, _ count: UInt32) -> String? {
    guard let start else { return nil }
    return String(
      decoding: UnsafeRawBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }
}
