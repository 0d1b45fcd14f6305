import Foundation
import Glibc

/// A client that writes and reads bytes as they are.
struct RawRequest {
  let descriptor: Int32

  init(_ address: String) {
    let port = UInt16(address.split(separator: ":").last ?? "") ?? 0
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 15, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    _ = withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  @discardableResult
  func write(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// Everything until the server closes.
  func readAll() -> String {
    var all: [UInt8] = []
    var portion = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &portion, portion.count)
      guard count > 0 else { break }
      all += portion[..<count]
    }
    close(descriptor)
    return String(decoding: all, as: UTF8.self)
  }

  static func get(_ address: String, _ text: String) -> String {
    let request = RawRequest(address)
    request.write(text)
    return request.readAll()
  }
}
