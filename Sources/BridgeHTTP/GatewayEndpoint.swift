internal import BridgeCore
internal import CCurl

/// The gateway's address taken apart, and everything of a request's head that stays the same.
struct GatewayEndpoint {
  let url: String
  let isEncrypted: Bool
  /// Up to and with `Content-Length: `.
  let headStart: [UInt8]
  /// The longest head that can stand in front of a body.
  var headRoom: Int { headStart.count + Self.lengthDigitLimit + Self.headEnd.utf8CodeUnitCount }

  static let lengthDigitLimit = 20
  static let headEnd: StaticString = "\r\n\r\n"

  init(settings: GatewayConnectionSettings) throws(GatewayConnectionFault) {
    guard Self.isPlain(settings.url) else {
      throw .unusableURL(reason: "it holds a space or a control character")
    }
    guard Self.isPlain(settings.userAgent, allowsSpaces: true) else {
      throw .unusableSetting(name: "user agent")
    }
    guard let parts = curl_url() else { throw .noResources(code: 12) }
    defer { curl_url_cleanup(parts) }
    let code = settings.url.withCString { curl_url_set(parts, CURLUPART_URL, $0, 0) }
    guard code == CURLUE_OK else { throw .unusableURL(reason: String(cString: curl_url_strerror(code))) }
    switch Self.part(CURLUPART_SCHEME, of: parts) {
    case "http": isEncrypted = false
    case "https": isEncrypted = true
    default: throw .unusableURL(reason: "its scheme is neither http nor https")
    }
    guard Self.part(CURLUPART_USER, of: parts) == nil, Self.part(CURLUPART_PASSWORD, of: parts) == nil else {
      throw .unusableURL(reason: "it holds a user name or a password")
    }
    guard Self.part(CURLUPART_FRAGMENT, of: parts) == nil else {
      throw .unusableURL(reason: "it holds a fragment")
    }
    guard let host = Self.part(CURLUPART_HOST, of: parts), !host.isEmpty else {
      throw .unusableURL(reason: "it names no host")
    }
    let port = Self.part(CURLUPART_PORT, of: parts).map { ":" + $0 } ?? ""
    let query = Self.part(CURLUPART_QUERY, of: parts).map { "?" + $0 } ?? ""
    let target = (Self.part(CURLUPART_PATH, of: parts) ?? "/") + query
    url = settings.url
    headStart = Array(
      """
      POST \(target) HTTP/1.1\r
      Host: \(host)\(port)\r
      User-Agent: \(settings.userAgent)\r
      Accept: application/json\r
      Content-Type: application/x-www-form-urlencoded;charset=utf-8\r
      Content-Length: 
      """.utf8)
  }

  /// Puts the head right in front of a body that stands at `headRoom`; says where the request begins.
  func writeHead(before buffer: inout ByteBuffer) -> Int {
    let end = Self.headEnd.utf8CodeUnitCount
    var position = headRoom - end
    buffer.replace(at: position, with: UnsafeRawBufferPointer(start: Self.headEnd.utf8Start, count: end))
    var length = buffer.count - headRoom
    repeat {
      position -= 1
      withUnsafeBytes(of: UInt8(ascii: "0") + UInt8(length % 10)) { buffer.replace(at: position, with: $0) }
      length /= 10
    } while length > 0
    position -= headStart.count
    headStart.withUnsafeBytes { buffer.replace(at: position, with: $0) }
    return position
  }

  private static func part(_ which: CURLUPart, of parts: OpaquePointer) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(parts, which, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }

  /// Nothing that could end a line of the head.
  private static func isPlain(_ text: String, allowsSpaces: Bool = false) -> Bool {
    text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F || allowsSpaces && $0 == 0x20 }
  }
}
