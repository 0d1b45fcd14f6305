internal import CCrypto

/// The certificate that the simulator shows and the key that goes with it.
struct TLSIdentity: ~Copyable {
  private let context: OpaquePointer

  private init(_ context: OpaquePointer) { self.context = context }

  static func load(_ files: SimulatorOptions.TLSFiles) throws(SimulatorError) -> TLSIdentity {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw .tlsUnavailable(reason()) }
    let identity = TLSIdentity(context)
    // Macros of OpenSSL, written out.
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
    guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
      throw .certificateUnusable(files.certificate, reason())
    }
    guard SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1,
      SSL_CTX_check_private_key(context) == 1
    else { throw .keyUnusable(files.key, reason()) }
    return identity
  }

  deinit { SSL_CTX_free(context) }

  /// nil without memory.
  func newChannel() -> TLSChannel? { TLSChannel(context) }

  /// The oldest reason that OpenSSL noted.
  private static func reason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "no reason given"
  }
}
