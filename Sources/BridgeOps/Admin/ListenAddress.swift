import BridgeCore
import Glibc

/// Where the admin server listens: a numeric address, or a name of this host, with a port.
package struct ListenAddress: Sendable, Equatable {
  package var host: String
  /// 0: a free one is taken.
  package var port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// A listening socket, and its address with the port that was taken.
  func listen() throws(FatalFault) -> (socket: Int32, address: String) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &found)
    guard code == 0, let first = found else {
      throw fault("\(host) is not known: \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(found) }
    let listening = socket(
      first.pointee.ai_family,
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard listening >= 0 else { throw fault(String(cString: strerror(errno))) }
    var one: Int32 = 1
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    guard bind(listening, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
      Glibc.listen(listening, 64) == 0
    else {
      let reason = errno
      close(listening)
      throw fault(
        reason == EADDRINUSE
          ? "the port is taken; give each worker of this host its own, or port 0"
          : String(cString: strerror(reason)))
    }
    return (listening, "\(host.contains(":") ? "[\(host)]" : host):\(Self.port(of: listening))")
  }

  private func fault(_ reason: String) -> FatalFault {
    FatalFault(.configuration, "admin.listen \(host):\(port) cannot be used: \(reason) (off disables it).")
  }

  private static func port(of listening: Int32) -> UInt16 {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listening, $0, &length) }
      // The port stands at the same place in both families.
      return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        UInt16(bigEndian: $0.pointee.sin_port)
      }
    }
  }
}
