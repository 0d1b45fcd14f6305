internal import Glibc

/// Owns a file descriptor.
final class Descriptor: Sendable {
  /// Connections that wait to be accepted.
  static let backlogLimit: Int32 = 4096

  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { if isOpen { close(number) } }

  var isOpen: Bool { number >= 0 }

  /// An IPv4 address in dotted form.
  static func isAddress(_ text: String) -> Bool {
    var parsed = in_addr()
    return inet_pton(AF_INET, text, &parsed) == 1
  }

  /// A listening socket and the port that it got.
  static func listening(
    address: String, port: UInt16
  ) throws(SimulatorError) -> (socket: Descriptor, port: UInt16) {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { throw .addressUnreadable(address) }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let made = Descriptor(socket(AF_INET, kind, 0))
    guard made.isOpen else { throw .noDescriptor(code: errno) }
    var yes: Int32 = 1
    setsockopt(made.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        bind(made.number, name, length) == 0 && listen(made.number, backlogLimit) == 0
          && getsockname(made.number, name, &length) == 0
      }
    }
    guard isListening else { throw .addressUnavailable("\(address):\(port)", code: errno) }
    return (made, UInt16(bigEndian: name.sin_port))
  }
}
