import Glibc

/// The datagram socket of sd_notify(3), by which systemd hears how its service is. Nothing waits for the reader: a
/// datagram that finds no room is not sent.
package struct NotifySocket: ~Copyable {
  private let descriptor: Int32

  /// - Parameter name: what `NOTIFY_SOCKET` says: an absolute path, or `@` and a name in the abstract namespace.
  /// - Throws: why it cannot be used, in words for people.
  package init(name: String) throws(NotifySocketFault) { descriptor = try Self.open(name) }

  deinit { close(descriptor) }

  /// One datagram of assignments, `READY=1` say, a line each. False: it was not taken; later it may be.
  package borrowing func send(_ assignments: String) -> Bool {
    var text = assignments
    return text.withUTF8 {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0
    }
  }

  private static func open(_ name: String) throws(NotifySocketFault) -> Int32 {
    let bytes = Array(name.utf8)
    guard bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "@"), bytes.count > 1 else {
      throw NotifySocketFault(sentence: "NOTIFY_SOCKET is neither an absolute path nor an abstract name.")
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw NotifySocketFault(sentence: "NOTIFY_SOCKET is longer than an address of a socket can be.")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      path.copyBytes(from: bytes)
      if bytes[0] == UInt8(ascii: "@") { path[0] = 0 }
    }
    // An abstract name ends with the address, a path may end there.
    let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + bytes.count)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw NotifySocketFault(sentence: words(of: errno)) }
    let answer = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
    }
    guard answer == 0 else {
      let sentence = words(of: errno)
      close(descriptor)
      throw NotifySocketFault(sentence: sentence)
    }
    return descriptor
  }

  private static func words(of code: Int32) -> String {
    "NOTIFY_SOCKET cannot be used: \(String(cString: strerror(code)))."
  }
}

package struct NotifySocketFault: Error {
  package let sentence: String
}
