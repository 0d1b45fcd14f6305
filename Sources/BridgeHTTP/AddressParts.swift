internal import CCurl

/// A URL taken apart by libcurl, so that what is checked is what it will connect to.
struct AddressParts {
  var scheme: String
  var host: String
  /// As written; nil if it was left out.
  var port: String?
  var path: String
  var query: String?
  var hasUser: Bool
  var hasFragment: Bool

  /// - Throws: why it is none; the sentence never shows its content.
  init(_ url: String) throws(AddressFault) {
    guard Self.isPlain(url) else { throw AddressFault(reason: "it holds a space or a control character") }
    guard let parts = curl_url() else { throw AddressFault(reason: "there is no memory") }
    defer { curl_url_cleanup(parts) }
    // The schemes of proxies are none that libcurl would load from.
    let flags = UInt32(CURLU_NON_SUPPORT_SCHEME)
    let code = url.withCString { curl_url_set(parts, CURLUPART_URL, $0, flags) }
    guard code == CURLUE_OK else { throw AddressFault(reason: String(cString: curl_url_strerror(code))) }
    guard let scheme = Self.part(CURLUPART_SCHEME, of: parts) else {
      throw AddressFault(reason: "it has no scheme")
    }
    guard let host = Self.part(CURLUPART_HOST, of: parts), !host.isEmpty else {
      throw AddressFault(reason: "it names no host")
    }
    self.scheme = scheme
    self.host = host
    port = Self.part(CURLUPART_PORT, of: parts)
    path = Self.part(CURLUPART_PATH, of: parts) ?? "/"
    query = Self.part(CURLUPART_QUERY, of: parts)
    hasUser = Self.part(CURLUPART_USER, of: parts) != nil || Self.part(CURLUPART_PASSWORD, of: parts) != nil
    hasFragment = Self.part(CURLUPART_FRAGMENT, of: parts) != nil
  }

  private static func part(_ which: CURLUPart, of parts: OpaquePointer) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(parts, which, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }

  /// Nothing that could end a line of a head.
  static func isPlain(_ text: String, allowsSpaces: Bool = false) -> Bool {
    text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F || allowsSpaces && $0 == 0x20 }
  }
}

struct AddressFault: Error {
  var reason: String
}
