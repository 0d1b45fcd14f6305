package import BridgeCore
internal import Glibc

/// What a gateway connection is made with.
package struct GatewayConnectionSettings: Sendable {
  /// `http` or `https`, with host, optional port and path.
  package var url: String
  /// Connections at most, idle ones included.
  package var connectionLimit: Int
  /// From the first byte of a request to the last of its answer.
  package var requestTimeout: TimeSpan
  /// For name lookup, connect, proxy and TLS together.
  package var connectTimeout: TimeSpan
  /// An idle connection is closed after this time, or earlier if the gateway announces less.
  package var idleTimeout: TimeSpan
  /// An older connection is closed as soon as it is idle, so that a changed address takes effect.
  package var ageLimit = TimeSpan.seconds(60)
  /// Body bytes of one answer at most.
  package var answerByteLimit = 256 * 1_024
  package var userAgent: String
  /// Trusted certificates (PEM) instead of the system's.
  package var authorityFile: String?
  /// The client's own certificate, with its chain, and the key to it (PEM); both or neither.
  package var clientCertificateFile: String?
  package var clientKeyFile: String?
  /// The only proxy there is; the environment's are never used.
  package var proxy: GatewayProxy?
  /// Addresses that stand for a name, as `host:port:address[,address]`, beside what the system knows of names.
  var fixedAddresses: [String] = []

  package init(
    url: String, connectionLimit: Int, requestTimeout: TimeSpan, connectTimeout: TimeSpan,
    idleTimeout: TimeSpan, userAgent: String
  ) {
    self.url = url
    self.connectionLimit = connectionLimit
    self.requestTimeout = requestTimeout
    self.connectTimeout = connectTimeout
    self.idleTimeout = idleTimeout
    self.userAgent = userAgent
  }
}

/// A proxy that every connection goes through, by tunnel.
package struct GatewayProxy: Sendable, CustomStringConvertible, CustomReflectable {
  /// `http`, `socks5` (names are looked up here) or `socks5h` (there), with host and port.
  package var url: String
  package var user: String?
  package var password: String?

  package init(url: String, user: String? = nil, password: String? = nil) {
    self.url = url
    self.user = user
    self.password = password
  }

  /// Without the password.
  package var description: String { url }
  package var customMirror: Mirror { Mirror(self, children: ["url": url]) }
}

/// Why there are no connections at all.
package enum GatewayConnectionFault: Error, Equatable, CustomStringConvertible {
  /// `reason` says what is wrong with it; credentials are never in it.
  case unusableURL(reason: String)
  /// The same of the proxy's.
  case unusableProxy(reason: String)
  /// `name` says which one; `code` is its errno.
  case unreadableFile(name: String, path: String, code: Int32)
  /// A certificate without its key, or a key without its certificate.
  case incompleteClientCertificate
  /// The settings contradict what a connection can be.
  case unusableSetting(name: String)
  /// The linked libcurl is older than the one that this was proved with, or lacks TLS by OpenSSL.
  case unsuitableLibcurl(version: String)
  /// The system refused a descriptor or memory; `code` is its errno.
  case noResources(code: Int32)

  package var description: String {
    switch self {
    case .unusableURL(let reason): "the gateway's URL cannot be used: \(reason)"
    case .unusableProxy(let reason): "the proxy cannot be used: \(reason)"
    case .unreadableFile(let name, let path, let code):
      "the \(name) file \(path) cannot be read: \(String(cString: strerror(code)))"
    case .incompleteClientCertificate: "the client's certificate and its key are needed both or not at all"
    case .unusableSetting(let name): "the gateway's \(name) is out of range or holds a control character"
    case .unsuitableLibcurl(let version):
      "libcurl \(version) is linked; 7.88.1 or newer with OpenSSL is needed"
    case .noResources(let code): "the system refuses a descriptor for gateway connections (errno \(code))"
    }
  }
}
