import Foundation
import Glibc
import Synchronization

/// One accepted connection, as a script sees it: blocking calls, every byte under control.
final class Peer: Sendable {
  let number: Int
  let socket: Int32
  private let rest = Mutex<[UInt8]>([])

  init(number: Int, socket: Int32) {
    self.number = number
    self.socket = socket
  }

  /// Head and body of the next request; nil if the client closed.
  func readRequest() -> [UInt8]? {
    var bytes = rest.withLock { $0 }
    var end: Int?
    while true {
      if end == nil { end = Self.requestEnd(bytes) }
      if let end, bytes.count >= end {
        rest.withLock { $0 = Array(bytes[end...]) }
        return Array(bytes[..<end])
      }
      let more = [UInt8](unsafeUninitializedCapacity: 65_536) { room, count in
        count = max(0, recv(socket, room.baseAddress, room.count, 0))
      }
      guard !more.isEmpty else { return nil }
      bytes += more
    }
  }

  func readByte() -> Bool {
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, 0) == 1
  }

  /// Blocks until the client closes.
  func waitForEnd() {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while recv(socket, &chunk, chunk.count, 0) > 0 {}
  }

  /// Blocks until the client closes, without taking a byte.
  func waitForEndUnread() {
    // POLLRDHUP, which the Glibc module leaves out.
    var interest = pollfd(fd: socket, events: 0x2000, revents: 0)
    poll(&interest, 1, 20_000)
  }

  func write(_ text: String) { write(Array(text.utf8)) }

  func write(_ bytes: [UInt8]) { Self.write(bytes, to: socket) }

  static func write(_ bytes: [UInt8], to socket: Int32) {
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(socket, $0.baseAddress! + position, bytes.count - position, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      position += count
    }
  }

  /// The client sees the end of what this side says, and may go on itself.
  func endWriting() { shutdown(socket, Int32(SHUT_WR)) }

  /// Closes with a reset instead of an end.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Where it will end, as soon as the whole head is there.
  private static func requestEnd(_ bytes: [UInt8]) -> Int? {
    let name = Array("Content-Length: ".utf8)
    guard
      let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }),
      let field = bytes.indices.first(where: { bytes[$0...].starts(with: name) })
    else { return nil }
    let digits = bytes[(field + name.count)...].prefix { $0 != 13 }
    return headEnd + 4 + Int(String(decoding: digits, as: UTF8.self))!
  }
}

/// A server whose script is run once per connection, on a thread of its own; the connection is closed behind it.
final class ScriptedServer: Sendable {
  let port: UInt16
  private let listener: Int32
  let acceptedCount = Mutex(0)

  private let backlog: Int32
  private let accepts: Bool
  private let script: @Sendable (Peer) -> Void

  /// `listens` false: its port is taken and refuses until `listen`.
  init(
    address host: String = "127.0.0.1", port wanted: UInt16 = 0, receiveBufferSize: Int32? = nil,
    backlog: Int32 = 1_024, listens: Bool = true, accepts: Bool = true,
    _ script: @escaping @Sendable (Peer) -> Void
  ) {
    let listening = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in(host, port: wanted)
    if var size = receiveBufferSize { setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        precondition(bind(listening, address, length) == 0, "a free port is bound")
        getsockname(listening, address, &length)
      }
    }
    listener = listening
    self.backlog = backlog
    port = UInt16(bigEndian: address.sin_port)
    self.accepts = accepts
    self.script = script
    if listens { startListening() }
  }

  func startListening() {
    listen(listener, backlog)
    guard accepts else { return }
    let acceptor = Thread { [weak self, listener, script] in
      var number = 0
      while true {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else { return }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        self?.acceptedCount.withLock { $0 += 1 }
        let peer = Peer(number: number, socket: socket)
        number += 1
        let worker = Thread {
          script(peer)
          close(socket)
        }
        worker.stackSize = 256 * 1_024
        worker.start()
      }
    }
    acceptor.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var url: String { "http://127.0.0.1:\(port)/router/rest" }
}

/// An answer with the right length.
func answer(_ body: String, status: Int = 200, fields: String = "") -> String {
  "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}
