import CCrypto
import Glibc

/// The client's side of TLS over a blocking socket. It trusts any certificate: that is the business of others.
final class ClientTLS {
  private let context: OpaquePointer
  private let session: OpaquePointer

  /// `version`: TLS1_2_VERSION, say; nil takes what both sides like best.
  init(_ descriptor: Int32, version: Int32? = nil) throws {
    // OpenSSL writes to the socket in a way that raises this.
    signal(SIGPIPE, SIG_IGN)
    guard let context = SSL_CTX_new(TLS_client_method()), let session = SSL_new(context) else {
      throw ClientFailure(description: "no TLS")
    }
    self.context = context
    self.session = session
    if let version {
      SSL_ctrl(session, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
      SSL_ctrl(session, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
    }
    SSL_set_fd(session, descriptor)
    guard SSL_connect(session) == 1 else { throw ClientFailure(description: "no handshake") }
  }

  deinit {
    SSL_free(session)
    SSL_CTX_free(context)
  }

  var version: String { String(cString: SSL_get_version(session)) }

  func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    ERR_clear_error()
    return Int(SSL_write(session, bytes.baseAddress, Int32(bytes.count)))
  }

  enum Reading {
    case bytes(Int)
    case end(ReadingEnd)
  }

  func receive(_ target: inout [UInt8]) -> Reading {
    ERR_clear_error()
    let count = SSL_read(session, &target, Int32(target.count))
    if count > 0 { return .bytes(Int(count)) }
    let code = errno
    switch SSL_get_error(session, count) {
    case SSL_ERROR_ZERO_RETURN: return .end(.closed)
    case SSL_ERROR_WANT_READ: return .end(.timedOut)
    case SSL_ERROR_SSL: return .end(.torn)
    default: return .end(code == ECONNRESET ? .reset : .timedOut)
    }
  }

  /// A close_notify.
  func sayGoodbye() { SSL_shutdown(session) }
}
