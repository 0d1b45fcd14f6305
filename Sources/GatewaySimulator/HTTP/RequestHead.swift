internal import Glibc

enum RequestVerb {
  case get, post, delete
  /// Every other one.
  case unlisted
}

enum RequestTarget {
  case gateway
  case fault, stats, log
  case unlisted
}

/// Why a head is not accepted; the connection does not outlive it.
enum HeadProblem: Error {
  case malformed
  case headTooLarge
  case bodyTooLarge
  /// A body without `Content-Length`.
  case lengthMissing
}

/// The head of one HTTP/1.1 request, as offsets from the start of the request.
struct RequestHead {
  static let headLimitBytes = 16 * 1024
  static let bodyLimitBytes = 4 * 1024 * 1024

  var verb = RequestVerb.unlisted
  var target = RequestTarget.unlisted
  var query = 0..<0
  /// The head with its empty line.
  var headCount = 0
  var bodyCount = 0
  var closesConnection = false
  var expectsContinue = false
  var bodyIsForm = false

  var totalCount: Int { headCount + bodyCount }

  /// nil while the empty line has not come; `scanned` remembers how far it was looked for.
  static func read(_ bytes: Bytes, scanned: inout Int) throws(HeadProblem) -> RequestHead? {
    guard let headCount = length(bytes, &scanned) else {
      if bytes.count >= headLimitBytes { throw .headTooLarge }
      return nil
    }
    if headCount > headLimitBytes { throw .headTooLarge }
    var head = RequestHead()
    head.headCount = headCount
    var lineStart = 0
    var isFirst = true
    while lineStart < headCount, let newline = bytes.firstIndex(of: 0x0A, from: lineStart) {
      var lineEnd = newline
      if lineEnd > lineStart && bytes[lineEnd - 1] == 0x0D { lineEnd -= 1 }
      if isFirst {
        try head.readRequestLine(bytes, lineStart, lineEnd)
        isFirst = false
      } else if lineEnd > lineStart {
        try head.readField(bytes.slice(lineStart, lineEnd))
      }
      lineStart = newline + 1
    }
    return head
  }

  /// What the request line so far says about a request that has not come whole; nil while it says nothing.
  static func target(ofPart bytes: Bytes) -> RequestTarget? {
    guard let newline = bytes.firstIndex(of: 0x0A, from: 0) else { return nil }
    var head = RequestHead()
    let end = newline > 0 && bytes[newline - 1] == 0x0D ? newline - 1 : newline
    do throws(HeadProblem) { try head.readRequestLine(bytes, 0, end) } catch { return nil }
    return head.target
  }

  private static func length(_ bytes: Bytes, _ scanned: inout Int) -> Int? {
    var position = scanned
    while let newline = bytes.firstIndex(of: 0x0A, from: position) {
      if newline + 1 < bytes.count, bytes[newline + 1] == 0x0A { return newline + 2 }
      if newline + 2 < bytes.count, bytes[newline + 1] == 0x0D, bytes[newline + 2] == 0x0A {
        return newline + 3
      }
      position = newline + 1
    }
    scanned = max(bytes.count - 3, 0)
    return nil
  }

  private mutating func readRequestLine(_ bytes: Bytes, _ start: Int, _ end: Int) throws(HeadProblem) {
    guard let first = bytes.firstIndex(of: 0x20, from: start), first < end,
      let second = bytes.firstIndex(of: 0x20, from: first + 1), second < end, second > first + 1
    else { throw .malformed }
    let name = bytes.slice(start, first)
    if name.equals("POST") {
      verb = .post
    } else if name.equals("GET") {
      verb = .get
    } else if name.equals("DELETE") {
      verb = .delete
    }
    let version = bytes.slice(second + 1, end)
    if version.equals("HTTP/1.0") {
      closesConnection = true
    } else if !version.equals("HTTP/1.1") {
      throw .malformed
    }
    var pathEnd = second
    if let mark = bytes.firstIndex(of: UInt8(ascii: "?"), from: first + 1), mark < second {
      pathEnd = mark
      query = mark + 1..<second
    }
    let path = bytes.slice(first + 1, pathEnd)
    if path.equals("/router/rest") {
      target = .gateway
    } else if path.equals("/_fault") {
      target = .fault
    } else if path.equals("/_stats") {
      target = .stats
    } else if path.equals("/_log") {
      target = .log
    }
  }

  private mutating func readField(_ line: Bytes) throws(HeadProblem) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":"), from: 0), colon > 0 else { throw .malformed }
    let name = line.slice(0, colon)
    let value = line.slice(colon + 1, line.count).trimmed()
    if name.equalsIgnoringCase("content-length") {
      guard let length = value.decimal else { throw .malformed }
      if length > Int64(Self.bodyLimitBytes) { throw .bodyTooLarge }
      bodyCount = Int(length)
    } else if name.equalsIgnoringCase("content-type") {
      bodyIsForm = value.hasPrefixIgnoringCase("application/x-www-form-urlencoded")
    } else if name.equalsIgnoringCase("connection") {
      if value.equalsIgnoringCase("close") { closesConnection = true }
      if value.equalsIgnoringCase("keep-alive") { closesConnection = false }
    } else if name.equalsIgnoringCase("transfer-encoding") {
      throw .lengthMissing
    } else if name.equalsIgnoringCase("expect") {
      expectsContinue = value.equalsIgnoringCase("100-continue")
    }
  }
}
