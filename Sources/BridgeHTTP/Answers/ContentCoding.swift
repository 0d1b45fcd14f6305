/// How a body is packed. Nothing but `identity` is asked for, but some proxies pack all the same.
enum ContentCoding: Equatable {
  case identity
  case gzip
  /// A zlib stream, or what some servers send under this name: a bare deflate stream.
  case deflate

  /// `value` of a `Content-Encoding` field; nil for codings that nobody here can undo, several in a row included.
  init?(_ value: UnsafeRawBufferPointer) {
    if value.matches("identity") {
      self = .identity
    } else if value.matches("gzip") || value.matches("x-gzip") {
      self = .gzip
    } else if value.matches("deflate") {
      self = .deflate
    } else {
      return nil
    }
  }
}
