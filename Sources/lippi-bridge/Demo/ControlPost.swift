internal import Glibc

/// One POST to the simulator's control port in this process: the demo sets its faults like anybody else.
enum ControlPost {
  /// `url`: of the simulator, `http://127.0.0.1:PORT/…`. False if it was not taken.
  static func send(_ body: String, to path: String, url: String) -> Bool {
    let authority = url.dropFirst("http://".count).prefix { $0 != "/" }
    guard let colon = authority.lastIndex(of: ":"),
      let port = UInt16(authority[authority.index(after: colon)...])
    else { return false }
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard connection >= 0 else { return false }
    defer { close(connection) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, String(authority[..<colon]), &address.sin_addr)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return false }
    let request = Array(
      "POST \(path) HTTP/1.1\r\nHost: \(authority)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        .utf8)
    guard write(connection, request, request.count) == request.count else { return false }
    var answer = [UInt8](repeating: 0, count: 16)
    return read(connection, &answer, answer.count) > 9 && answer[9] == UInt8(ascii: "2")
  }
}
