/// What a status line and field lines say, as far as an exchange needs it.
struct AnswerHead: Equatable {
  private(set) var status = 0
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var contentCoding = ContentCoding.identity
  /// The connection ends with this answer.
  var closes = false
  /// Seconds that the peer keeps an idle connection.
  private(set) var keepAliveSeconds: Int64?
  /// Seconds since 1970.
  private(set) var date: Int64?
  private(set) var retryAfter: RetryAfter?
  /// False if the lengths contradict each other, or the body has a coding that cannot be undone.
  private(set) var isReadable = true
  private var isOldVersion = false
  private var hasContentCoding = false

  enum RetryAfter: Equatable {
    case seconds(Int64)
    /// Seconds since 1970.
    case date(Int64)
  }

  /// Larger numbers in fields are taken for this one.
  static let secondLimit: Int64 = 366 * 86_400

  /// How long not to ask again; `now` (seconds since 1970) stands in for a `Date` that was not given.
  func retryAfterSeconds(now: Int64) -> Int64? {
    switch retryAfter {
    case nil: nil
    case .seconds(let seconds): seconds
    case .date(let time): min(max(time &- (date ?? now), 0), Self.secondLimit)
    }
  }

  /// `HTTP/1.x NNN reason`.
  mutating func readStatusLine(_ line: UnsafeRawBufferPointer) -> Bool {
    guard line.count >= 12, line.count == 12 || line[12] == UInt8(ascii: " ") else { return false }
    guard UnsafeRawBufferPointer(rebasing: line[..<7]).matches("http/1."), line[8] == UInt8(ascii: " ") else {
      return false
    }
    guard line[7] == UInt8(ascii: "0") || line[7] == UInt8(ascii: "1") else { return false }
    isOldVersion = line[7] == UInt8(ascii: "0")
    closes = isOldVersion
    guard let number = UnsafeRawBufferPointer(rebasing: line[9..<12]).decimalValue(limit: 999), number >= 100
    else {
      return false
    }
    status = Int(number)
    return true
  }

  /// `name: value`; false if the line is none.
  mutating func readField(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let colon = Self.colon(in: line) else { return false }
    let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
    let value = UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]).trimmed
    // The length of a name tells nearly all of them apart.
    switch name.count {
    case 4 where name.matches("date"): date = HTTPDate.seconds(value)
    case 10 where name.matches("connection"): readConnection(value)
    case 10 where name.matches("keep-alive"): readKeepAlive(value)
    case 11 where name.matches("retry-after"): readRetryAfter(value)
    case 14 where name.matches("content-length"): readContentLength(value)
    case 16 where name.matches("content-encoding"): readContentCoding(value)
    case 17 where name.matches("transfer-encoding"): readTransferEncoding(value)
    default: break
    }
    return true
  }

  static func isField(_ line: UnsafeRawBufferPointer) -> Bool { colon(in: line) != nil }

  /// Where a field's name ends; nil if there is no name, or a control character anywhere.
  private static func colon(in line: UnsafeRawBufferPointer) -> Int? {
    var end = 0
    while end < line.count, line[end] != UInt8(ascii: ":") {
      if line[end] <= 0x20 || line[end] >= 0x7F { return nil }
      end &+= 1
    }
    return end > 0 && end < line.count && line.isFieldText(from: end &+ 1) ? end : nil
  }

  private mutating func readContentLength(_ value: UnsafeRawBufferPointer) {
    value.forEachElement { element in
      guard let number = element.decimalValue(limit: 1 << 40) else {
        isReadable = false
        return
      }
      if let contentLength, contentLength != Int(number) { isReadable = false }
      contentLength = Int(number)
    }
    if contentLength == nil { isReadable = false }
    if isChunked { closes = true }
  }

  /// One field with one coding; two codings have an order that the fields may have lost.
  private mutating func readContentCoding(_ value: UnsafeRawBufferPointer) {
    guard !hasContentCoding, let coding = ContentCoding(value) else {
      isReadable = false
      return
    }
    hasContentCoding = true
    contentCoding = coding
  }

  private mutating func readTransferEncoding(_ value: UnsafeRawBufferPointer) {
    if isChunked || isOldVersion || !value.matches("chunked") { isReadable = false }
    isChunked = true
    // Two framings at once: the chunks count, but nothing behind them is trusted.
    if contentLength != nil { closes = true }
  }

  private mutating func readConnection(_ value: UnsafeRawBufferPointer) {
    value.forEachElement { element in
      if element.matches("close") { closes = true }
      if element.matches("keep-alive"), isOldVersion { closes = false }
    }
  }

  private mutating func readKeepAlive(_ value: UnsafeRawBufferPointer) {
    value.forEachElement { element in
      guard element.count > 8, UnsafeRawBufferPointer(rebasing: element[..<8]).matches("timeout=") else {
        return
      }
      keepAliveSeconds = UnsafeRawBufferPointer(rebasing: element[8...]).decimalValue(limit: Self.secondLimit)
    }
  }

  private mutating func readRetryAfter(_ value: UnsafeRawBufferPointer) {
    if let seconds = value.decimalValue(limit: Self.secondLimit) {
      retryAfter = .seconds(seconds)
    } else if let time = HTTPDate.seconds(value) {
      retryAfter = .date(time)
    }
  }
}
