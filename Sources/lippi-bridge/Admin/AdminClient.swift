internal import Glibc

/// One request to a worker's admin port.
struct AdminClient {
  struct Answer {
    var status: Int
    var body: String
  }

  struct Fault: Error {
    var sentence: String
  }

  private static let secondsLimit = 10
  /// What is longer is not from a worker.
  private static let answerByteLimit = 16 * 1_048_576

  /// Of this host or another: `127.0.0.1:9464`.
  private let authority: String
  private let host: String
  private let port: String

  /// `http://HOST:PORT`, with or without a slash behind it.
  init(url: String) throws(Fault) {
    let prefix = "http://"
    guard url.hasPrefix(prefix) else {
      throw Fault(sentence: "\(url) is no address of a worker; it is written like http://127.0.0.1:9464")
    }
    var rest = url.dropFirst(prefix.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0
    else { throw Fault(sentence: "\(url) has no port; it is written like http://127.0.0.1:9464") }
    var host = rest[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, !host.contains("/") else {
      throw Fault(sentence: "\(url) has no host; it is written like http://127.0.0.1:9464")
    }
    authority = String(rest)
    self.host = String(host)
    self.port = String(port)
  }

  /// `headers`: whole lines, without their ends.
  func send(_ method: String, _ path: String, headers: [String] = [], body: String = "") throws(Fault)
    -> Answer
  {
    let connection = try connected()
    defer { close(connection) }
    let lines =
      ["\(method) \(path) HTTP/1.1", "Host: \(authority)", "Connection: close"] + headers
      + (method == "POST" ? ["Content-Length: \(body.utf8.count)"] : [])
    try write(lines.map { "\($0)\r\n" }.joined() + "\r\n" + body, to: connection)
    return try answer(in: try readAll(connection))
  }

  private func connected() throws(Fault) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port, &hints, &found) == 0 else { throw Fault(sentence: "\(host) is not known") }
    defer { freeaddrinfo(found) }
    var reason = ""
    for entry in sequence(first: found, next: { $0?.pointee.ai_next }) {
      guard let entry else { break }
      let connection = socket(
        entry.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard connection >= 0 else { continue }
      var limit = timeval(tv_sec: Self.secondsLimit, tv_usec: 0)
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(connection, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
      }
      if connect(connection, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 { return connection }
      reason = String(cString: strerror(errno))
      close(connection)
    }
    throw Fault(sentence: "no worker answers at \(authority): \(reason)")
  }

  private func write(_ text: String, to connection: Int32) throws(Fault) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else {
        throw Fault(sentence: "\(authority) took no request: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }

  private func readAll(_ connection: Int32) throws(Fault) -> [UInt8] {
    var all: [UInt8] = []
    var portion = [UInt8](repeating: 0, count: 65_536)
    while all.count < Self.answerByteLimit {
      let count = read(connection, &portion, portion.count)
      if count == 0 { return all }
      guard count > 0 else {
        throw Fault(sentence: "\(authority) gave no answer within \(Self.secondsLimit) s")
      }
      all += portion[..<count]
    }
    throw Fault(sentence: "\(authority) gave an answer without an end")
  }

  private func answer(in bytes: [UInt8]) throws(Fault) -> Answer {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("HTTP/1."), let status = Int(text.dropFirst(9).prefix(3)),
      let head = Self.endOfHead(in: bytes)
    else { throw Fault(sentence: "what answers at \(authority) is no worker") }
    return Answer(status: status, body: String(decoding: bytes[head...], as: UTF8.self))
  }

  private static func endOfHead(in bytes: [UInt8]) -> Int? {
    let end: [UInt8] = [13, 10, 13, 10]
    guard bytes.count >= end.count else { return nil }
    return (0...bytes.count - end.count).first { Array(bytes[$0..<$0 + end.count]) == end }.map {
      $0 + end.count
    }
  }
}
