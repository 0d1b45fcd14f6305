import Glibc
import Synchronization

extension Peer {
  /// Up to and with the empty line; nil if the client closed before.
  func readHead() -> String? {
    var bytes: [UInt8] = []
    while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard let byte = readExactly(1)?.first else { return nil }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Carries bytes both ways between the client and `port` of this machine until both have ended.
  func relay(to port: UInt16) {
    let target = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(target) }
    var address = sockaddr_in("127.0.0.1", port: port)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(target, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return }
    var ends = [
      pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
      pollfd(fd: target, events: Int16(POLLIN), revents: 0),
    ]
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while ends.contains(where: { $0.fd >= 0 }) {
      guard poll(&ends, 2, 20_000) > 0 else { return }
      for side in 0..<2 where ends[side].fd >= 0 && ends[side].revents != 0 {
        let (from, to) = side == 0 ? (socket, target) : (target, socket)
        let count = recv(from, &chunk, chunk.count, 0)
        guard count > 0 else {
          ends[side].fd = -1
          shutdown(to, Int32(SHUT_WR))
          continue
        }
        Self.write(Array(chunk[..<count]), to: to)
      }
    }
  }

  /// The steps of SOCKS5 (RFC 1928, 1929) up to the address; nil if the client does not take them.
  /// - Parameter login: asked for if there is one.
  func readSocksRequest(login: (user: String, password: String)? = nil) -> (address: String, port: UInt16)? {
    guard let greeting = readExactly(2), greeting[0] == 5, let methods = readExactly(Int(greeting[1])) else {
      return nil
    }
    let method: UInt8 = login == nil ? 0 : 2
    guard methods.contains(method) else {
      write([5, 0xFF])
      return nil
    }
    write([5, method])
    if let login {
      guard readExactly(1) == [1], let user = readCounted(), let password = readCounted() else { return nil }
      guard user == login.user, password == login.password else {
        write([1, 1])
        return nil
      }
      write([1, 0])
    }
    guard let request = readExactly(4), request[..<3].elementsEqual([5, 1, 0]) else { return nil }
    let address: String?
    switch request[3] {
    case 1: address = readExactly(4)?.map(String.init).joined(separator: ".")
    case 3: address = readCounted()
    default: address = nil
    }
    guard let address, let port = readExactly(2) else { return nil }
    return (address, UInt16(port[0]) << 8 | UInt16(port[1]))
  }

  private func readCounted() -> String? {
    guard let count = readExactly(1)?.first, let bytes = readExactly(Int(count)) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func readExactly(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count == 0 || recv(socket, &bytes, count, Int32(MSG_WAITALL)) == count else { return nil }
    return bytes
  }
}
