internal import Glibc

/// Faults that would otherwise show only as connects that fail for ever.
extension GatewayConnectionSettings {
  func checkFiles() throws(GatewayConnectionFault) {
    guard (clientCertificateFile == nil) == (clientKeyFile == nil) else {
      throw .incompleteClientCertificate
    }
    try Self.checkFile("CA certificate", authorityFile)
    try Self.checkFile("client certificate", clientCertificateFile)
    try Self.checkFile("client key", clientKeyFile)
  }

  private static func checkFile(_ name: String, _ path: String?) throws(GatewayConnectionFault) {
    guard let path else { return }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadableFile(name: name, path: path, code: errno) }
    defer { close(descriptor) }
    var byte: UInt8 = 0
    guard read(descriptor, &byte, 1) >= 0 else {
      throw .unreadableFile(name: name, path: path, code: errno)
    }
  }

  func checkProxy() throws(GatewayConnectionFault) {
    guard let proxy else { return }
    let parts: AddressParts
    do { parts = try AddressParts(proxy.url) } catch { throw .unusableProxy(reason: error.reason) }
    guard ["http", "socks5", "socks5h"].contains(parts.scheme) else {
      throw .unusableProxy(reason: "its scheme is neither http nor socks5 nor socks5h")
    }
    // libcurl would take 1080, whatever the scheme.
    guard parts.port != nil else { throw .unusableProxy(reason: "it names no port") }
    guard !parts.hasUser else { throw .unusableProxy(reason: "it holds a user name or a password") }
    guard parts.path == "/", parts.query == nil, !parts.hasFragment else {
      throw .unusableProxy(reason: "there is something behind its port")
    }
    for text in [proxy.user, proxy.password] {
      guard AddressParts.isPlain(text ?? "", allowsSpaces: true) else {
        throw .unusableProxy(reason: "its user name or password holds a control character")
      }
    }
    guard proxy.password == nil || proxy.user != nil else {
      throw .unusableProxy(reason: "there is a password but no user name")
    }
  }
}
