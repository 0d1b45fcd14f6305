internal import CCurl
internal import CLinux
internal import Glibc

/// What one call did.
enum Transfer {
  /// At least one byte; reading, also none: the peer's end.
  case moved(Int)
  case mustWait
  case failed
}

/// Bytes of a connection that libcurl has opened. Encrypted ones go through libcurl, plain ones straight to the socket:
/// libcurl would walk all connections of the shard at each call, and add nothing.
extension GatewayConnection {
  borrowing func send(_ bytes: UnsafeRawBufferPointer, encrypted: Bool) -> Transfer {
    guard encrypted else {
      // A peer that is gone is an error here, no signal.
      return Self.outcome(of: clinux_send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
    }
    var count = 0
    return switch curl_easy_send(handle, bytes.baseAddress, bytes.count, &count) {
    case CURLE_OK where count > 0: .moved(count)
    case CURLE_OK, CURLE_AGAIN: .mustWait
    default: .failed
    }
  }

  borrowing func receive(into place: UnsafeMutableRawBufferPointer, encrypted: Bool) -> Transfer {
    guard encrypted else {
      return Self.outcome(of: clinux_recv(descriptor, place.baseAddress, place.count, 0))
    }
    var count = 0
    return switch curl_easy_recv(handle, place.baseAddress, place.count, &count) {
    case CURLE_OK: .moved(count)
    case CURLE_AGAIN: .mustWait
    default: .failed
    }
  }

  private static func outcome(of count: Int) -> Transfer {
    guard count < 0 else { return .moved(count) }
    // Sockets of libcurl do not block; an interrupted call is made again when epoll says so, which it does at once.
    return errno == EAGAIN || errno == EINTR ? .mustWait : .failed
  }
}
