import Foundation
import Glibc

@testable import GatewaySimulator

struct ClientFailure: Error, CustomStringConvertible {
  var description: String
}

/// An answer as it came.
struct RawAnswer {
  var status: Int
  var head: String
  var body: Data

  var text: String { String(decoding: body, as: UTF8.self) }

  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:] }

  var error: [String: Any] { json["error_response"] as? [String: Any] ?? [:] }

  var code: Int? { error["code"] as? Int }

  var isSuccess: Bool {
    let root = json["alibaba_lyservice_lippi_message_send_response"] as? [String: Any]
    return (root?["result"] as? [String: Any])?["success"] as? Bool ?? false
  }
}

/// How reading ended without a whole answer.
enum ReadingEnd: Equatable {
  /// By the other side, with a close_notify where TLS is spoken.
  case closed
  /// TLS ended without a close_notify.
  case torn
  case reset
  case timedOut
}

/// One blocking connection.
final class RawClient {
  static let defaultTimeoutMilliseconds = 10_000

  private var descriptor: Int32
  /// Where the simulator speaks TLS.
  private(set) var tls: ClientTLS?
  private(set) var received = Data()

  init(
    _ simulator: GatewaySimulator, timeoutMilliseconds: Int = defaultTimeoutMilliseconds,
    tlsVersion: Int32? = nil, speaksTLS: Bool = true, receiveBufferBytes: Int32? = nil
  ) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard let url = URL(string: simulator.url), let port = url.port else {
      throw ClientFailure(description: simulator.url)
    }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(port).bigEndian
    inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
    setTimeout(milliseconds: timeoutMilliseconds)
    if var bytes = receiveBufferBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }
    let connected = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw ClientFailure(description: String(cString: strerror(errno))) }
    if url.scheme == "https" && speaksTLS { tls = try ClientTLS(descriptor, version: tlsVersion) }
  }

  deinit { close() }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  func setTimeout(milliseconds: Int) {
    var time = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  func send(_ text: String) throws { try send(Data(text.utf8)) }

  func send(_ bytes: Data) throws {
    var rest = bytes
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        tls?.send($0) ?? Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { throw ClientFailure(description: "send: \(String(cString: strerror(errno)))") }
      rest = Data(rest.dropFirst(sent))
    }
  }

  /// Reads one answer.
  func answer() throws -> RawAnswer {
    while true {
      if let answer = takeAnswer() { return answer }
      if let end = read() { throw ClientFailure(description: "no whole answer: \(end)") }
    }
  }

  /// Reads until a chunked answer is there; its body is what the chunks hold.
  func chunkedAnswer() throws -> (answer: RawAnswer, chunkCount: Int) {
    while true {
      if received.suffix(5) == Data("0\r\n\r\n".utf8) { break }
      if let end = read() { throw ClientFailure(description: "no whole answer: \(end)") }
    }
    guard let headEnd = received.range(of: Data("\r\n\r\n".utf8)) else {
      throw ClientFailure(description: "no head")
    }
    let head = String(decoding: received[..<headEnd.upperBound], as: UTF8.self)
    var rest = Data(received[headEnd.upperBound...])
    received = Data()
    var body = Data()
    var chunkCount = 0
    while let line = rest.range(of: Data("\r\n".utf8)),
      let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), size > 0
    {
      body.append(rest[line.upperBound..<line.upperBound + size])
      rest = Data(rest[(line.upperBound + size + 2)...])
      chunkCount += 1
    }
    return (RawAnswer(status: Int(head.split(separator: " ")[1]) ?? 0, head: head, body: body), chunkCount)
  }

  /// Reads until nothing more comes.
  func readToEnd() -> ReadingEnd {
    while true {
      if let end = read() { return end }
    }
  }

  private func read() -> ReadingEnd? {
    var chunk = [UInt8](repeating: 0, count: 65536)
    if let tls {
      switch tls.receive(&chunk) {
      case .bytes(let count):
        received.append(contentsOf: chunk[..<count])
        return nil
      case .end(let end): return end
      }
    }
    let count = recv(descriptor, &chunk, chunk.count, 0)
    if count > 0 {
      received.append(contentsOf: chunk[..<count])
      return nil
    }
    if count == 0 { return .closed }
    return errno == ECONNRESET ? .reset : .timedOut
  }

  private func takeAnswer() -> RawAnswer? {
    guard let headEnd = received.range(of: Data("\r\n\r\n".utf8)) else { return nil }
    let head = String(decoding: received[received.startIndex..<headEnd.upperBound], as: UTF8.self)
    let fields = head.components(separatedBy: "\r\n")
    let status = Int(fields[0].split(separator: " ")[1]) ?? 0
    if status == 100 {
      received.removeSubrange(received.startIndex..<headEnd.upperBound)
      return takeAnswer()
    }
    let length =
      fields.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
    guard received.distance(from: headEnd.upperBound, to: received.endIndex) >= length else { return nil }
    let body = Data(received[headEnd.upperBound..<headEnd.upperBound + length])
    received = Data(received[(headEnd.upperBound + length)...])
    return RawAnswer(status: status, head: head, body: body)
  }

  /// A request to any page of the simulator.
  @discardableResult
  func exchange(_ method: String, _ path: String, body: String = "", type: String? = nil) throws -> RawAnswer
  {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: gateway\r\nContent-Length: \(body.utf8.count)\r\n"
    if let type { text += "Content-Type: \(type)\r\n" }
    try send(text + "\r\n" + body)
    return try answer()
  }

  @discardableResult
  func post(_ request: TopRequest) throws -> RawAnswer {
    try send(request.text)
    return try answer()
  }
}
