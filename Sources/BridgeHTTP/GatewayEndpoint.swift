internal import BridgeCore

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
    guard AddressParts.isPlain(settings.userAgent, allowsSpaces: true) else {
      throw .unusableSetting(name: "user agent")
    }
    let parts: AddressParts
    do { parts = try AddressParts(settings.url) } catch { throw .unusableURL(reason: error.reason) }
    switch parts.scheme {
    case "http": isEncrypted = false
    case "https": isEncrypted = true
    default: throw .unusableURL(reason: "its scheme is neither http nor https")
    }
    guard !parts.hasUser else { throw .unusableURL(reason: "it holds a user name or a password") }
    guard !parts.hasFragment else { throw .unusableURL(reason: "it holds a fragment") }
    let port = parts.port.map { ":" + $0 } ?? ""
    let query = parts.query.map { "?" + $0 } ?? ""
    let target = parts.path + query
    url = settings.url
    headStart = Array(
      """
      POST \(target) HTTP/1.1\r
      Host: \(parts.host)\(port)\r
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
}
