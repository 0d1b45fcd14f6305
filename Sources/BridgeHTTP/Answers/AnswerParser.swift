internal import BridgeCore

/// Reads one HTTP/1.1 answer as its bytes come, however they are cut. Knows no connection and no clock.
struct AnswerParser: ~Copyable {
  enum Progress: Equatable {
    /// All of it was taken, the answer goes on.
    case needsMore
    /// The answer ended after `consumed` of the bytes given.
    case complete(consumed: Int)
    case faulty(AnswerFault)
  }

  private enum State {
    case statusLine
    case fieldLine
    case fixedBody(left: Int)
    case chunkSizeLine
    case chunk(left: Int)
    case chunkEnd
    case trailerLine
    /// The end of the connection is the end of the body.
    case openBody
    case complete
    case faulty(AnswerFault)
  }

  /// All heads (those of interim answers too) and trailers of one answer together.
  static let headByteLimit = 32 * 1_024
  /// One size line of a chunk, extensions included.
  static let chunkLineByteLimit = 1_024

  private(set) var head = AnswerHead()
  private var state = State.statusLine
  private var headByteCount = 0
  private var bodyByteCount = 0
  private var chunkLineByteCount = 0
  /// The beginning of a line whose end has not come.
  private var cutLine = ByteBuffer(capacity: 64)
  private let bodyByteLimit: Int

  init(bodyByteLimit: Int) { self.bodyByteLimit = bodyByteLimit }

  /// Ready for the next answer.
  mutating func reset() {
    head = AnswerHead()
    state = .statusLine
    headByteCount = 0
    bodyByteCount = 0
    chunkLineByteCount = 0
    cutLine.shrink(ifOver: 1_024)
  }

  /// Takes the next bytes; those of the body are appended to `body`.
  mutating func consume(_ bytes: UnsafeRawBufferPointer, into body: inout ByteBuffer) -> Progress {
    var position = 0
    while true {
      if case .complete = state { return .complete(consumed: position) }
      if case .faulty(let fault) = state { return .faulty(fault) }
      guard position < bytes.count else { return .needsMore }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      position &+= step(rest, &body)
    }
  }

  /// The peer closed: that ends a body without a length, and is a fault everywhere else.
  mutating func connectionEnded() -> Progress {
    switch state {
    case .openBody, .complete:
      state = .complete
      return .complete(consumed: 0)
    case .faulty(let fault): return .faulty(fault)
    case .statusLine, .fieldLine, .fixedBody, .chunkSizeLine, .chunk, .chunkEnd, .trailerLine:
      return .faulty(.incomplete)
    }
  }

  /// Takes at least one of `bytes`, which is not empty, or changes the state to an end; returns how many.
  private mutating func step(_ bytes: UnsafeRawBufferPointer, _ body: inout ByteBuffer) -> Int {
    switch state {
    case .statusLine, .fieldLine, .trailerLine, .chunkSizeLine, .chunkEnd:
      return takeLine(bytes)
    case .fixedBody(let left):
      let taken = min(left, bytes.count)
      body.append(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
      state = taken == left ? .complete : .fixedBody(left: left &- taken)
      return taken
    case .chunk(let left):
      let taken = min(left, bytes.count)
      body.append(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
      state = taken == left ? .chunkEnd : .chunk(left: left &- taken)
      return taken
    case .openBody:
      bodyByteCount &+= bytes.count
      guard bodyByteCount <= bodyByteLimit else { return fail(.tooLarge) }
      body.append(bytes)
      return bytes.count
    case .complete, .faulty:
      return 0
    }
  }

  private mutating func takeLine(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let end = bytes.firstPosition(of: UInt8(ascii: "\n")) else {
      cutLine.append(bytes)
      if cutLine.count > lineByteLimit { return fail(.malformed) }
      return bytes.count
    }
    let line = UnsafeRawBufferPointer(rebasing: bytes[..<end])
    let length = cutLine.count &+ end
    guard length <= lineByteLimit else { return fail(.malformed) }
    guard isFramingInProportion(length) else { return fail(.tooLarge) }
    if cutLine.isEmpty {
      lineCame(line)
    } else {
      cutLine.append(line)
      var whole = ByteBuffer(capacity: 1)
      swap(&whole, &cutLine)
      whole.withBytes { lineCame($0) }
      whole.removeAll()
      swap(&whole, &cutLine)
    }
    return end &+ 1
  }

  /// Chunks of one byte each must not turn an answer within the limit into a stream without one.
  private mutating func isFramingInProportion(_ lineByteCount: Int) -> Bool {
    switch state {
    case .chunkSizeLine, .chunkEnd:
      chunkLineByteCount &+= lineByteCount &+ 1
      return chunkLineByteCount <= 8 &* bodyByteLimit &+ Self.headByteLimit
    case .statusLine, .fieldLine, .trailerLine, .fixedBody, .chunk, .openBody, .complete, .faulty:
      return true
    }
  }

  private var lineByteLimit: Int {
    switch state {
    case .chunkSizeLine, .chunkEnd: Self.chunkLineByteLimit
    case .statusLine, .fieldLine, .trailerLine, .fixedBody, .chunk, .openBody, .complete, .faulty:
      Self.headByteLimit &- headByteCount
    }
  }

  /// A line without its LF.
  private mutating func lineCame(_ raw: UnsafeRawBufferPointer) {
    let hasReturn = raw.last == UInt8(ascii: "\r")
    let line = UnsafeRawBufferPointer(start: raw.baseAddress, count: raw.count &- (hasReturn ? 1 : 0))
    switch state {
    case .statusLine:
      headByteCount &+= raw.count &+ 1
      state = head.readStatusLine(line) ? .fieldLine : .faulty(.malformed)
    case .fieldLine:
      headByteCount &+= raw.count &+ 1
      if line.isEmpty {
        state = stateAfterHead()
      } else if !head.readField(line) {
        state = .faulty(.malformed)
      }
    case .trailerLine:
      headByteCount &+= raw.count &+ 1
      if line.isEmpty {
        state = .complete
      } else if !AnswerHead.isField(line) {
        state = .faulty(.malformed)
      }
    case .chunkSizeLine:
      chunkSizeCame(line)
    case .chunkEnd:
      state = line.isEmpty ? .chunkSizeLine : .faulty(.malformed)
    case .fixedBody, .chunk, .openBody, .complete, .faulty:
      break
    }
  }

  private mutating func stateAfterHead() -> State {
    if head.status < 200 {
      // Nobody asked for another protocol; other interim answers are followed by the real one.
      guard head.status != 101 else { return .faulty(.malformed) }
      head = AnswerHead()
      return .statusLine
    }
    guard head.isReadable else { return .faulty(.malformed) }
    if head.status == 204 || head.status == 304 { return .complete }
    if head.isChunked { return .chunkSizeLine }
    guard let length = head.contentLength else {
      head.closes = true
      return .openBody
    }
    guard length <= bodyByteLimit else { return .faulty(.tooLarge) }
    return length == 0 ? .complete : .fixedBody(left: length)
  }

  /// `line` is the size in hexadecimal digits, perhaps with extensions that nobody needs.
  private mutating func chunkSizeCame(_ line: UnsafeRawBufferPointer) {
    var size = 0
    var digitCount = 0
    for byte in line {
      guard let digit = Self.hexadecimalValue(byte) else { break }
      size = size &* 16 &+ digit
      digitCount &+= 1
      guard digitCount <= 15 else { break }
    }
    let afterDigits = UnsafeRawBufferPointer(rebasing: line[digitCount...]).trimmed
    guard digitCount > 0, digitCount <= 15, afterDigits.isEmpty || afterDigits[0] == UInt8(ascii: ";") else {
      state = .faulty(.malformed)
      return
    }
    guard size > 0 else {
      state = .trailerLine
      return
    }
    guard size <= bodyByteLimit &- bodyByteCount else {
      state = .faulty(.tooLarge)
      return
    }
    bodyByteCount &+= size
    state = .chunk(left: size)
  }

  private mutating func fail(_ fault: AnswerFault) -> Int {
    state = .faulty(fault)
    return 0
  }

  private static func hexadecimalValue(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
  }
}

/// Why bytes are no answer.
enum AnswerFault: Equatable {
  case malformed
  case tooLarge
  /// The connection ended in the middle.
  case incomplete
}
