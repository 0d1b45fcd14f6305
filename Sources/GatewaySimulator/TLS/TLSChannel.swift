internal import CCrypto

/// The server's side of one TLS connection. It sees no socket: what came in is given to it, and what has to go out is
/// taken from it, so that the loop alone decides when bytes move and where a connection is torn.
struct TLSChannel: ~Copyable {
  enum Reading {
    /// Everything that came was taken up.
    case goesOn
    /// The client said that it sends no more.
    case closed
    /// This is no TLS, or none that both sides speak.
    case failed
  }

  private static let sliceBytes = 16 * 1024

  private let session: OpaquePointer
  /// Owned by the session.
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer

  init?(_ context: OpaquePointer) {
    guard let session = SSL_new(context) else { return nil }
    guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
      SSL_free(session)
      return nil
    }
    SSL_set_bio(session, incoming, outgoing)
    SSL_set_accept_state(session)
    self.session = session
    self.incoming = incoming
    self.outgoing = outgoing
  }

  deinit { SSL_free(session) }

  /// Takes up bytes from the network, and appends what the client said to `plain`.
  func read(_ received: Bytes, into plain: inout Octets) -> Reading {
    ERR_clear_error()
    guard BIO_write(incoming, received.baseAddress, Int32(received.count)) == received.count else {
      return .failed
    }
    while true {
      var count = 0
      plain.append(atMost: Self.sliceBytes) { target in
        // It shakes hands by itself as long as that is due.
        _ = SSL_read_ex(session, target, Self.sliceBytes, &count)
        return count
      }
      if count > 0 { continue }
      switch SSL_get_error(session, 0) {
      case SSL_ERROR_WANT_READ: return .goesOn
      case SSL_ERROR_ZERO_RETURN: return .closed
      default: return .failed
      }
    }
  }

  /// False when the connection has no keys, yet or any more.
  func write(_ plain: Bytes) -> Bool {
    ERR_clear_error()
    var position = 0
    while position < plain.count {
      var count = 0
      let slice = plain.slice(position, min(position + Self.sliceBytes, plain.count))
      guard SSL_write_ex(session, slice.baseAddress, slice.count, &count) == 1, count > 0 else {
        return false
      }
      position += count
    }
    return true
  }

  /// Says that nothing more comes.
  func notifyClose() {
    ERR_clear_error()
    _ = SSL_shutdown(session)
  }

  /// Appends what has to go out to `wire`.
  func takeOutgoing(into wire: inout Octets) {
    while true {
      let waiting = min(BIO_ctrl_pending(outgoing), Self.sliceBytes)
      if waiting == 0 { return }
      wire.append(atMost: waiting) { target in Int(max(BIO_read(outgoing, target, Int32(waiting)), 0)) }
    }
  }
}
