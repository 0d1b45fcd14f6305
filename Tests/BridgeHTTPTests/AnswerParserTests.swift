import BridgeCore
import Testing

@testable import BridgeHTTP

/// What a parser made of bytes, comparable.
struct ParsedAnswer: Equatable {
  var head: AnswerHead?
  var body = ""
  var fault: AnswerFault?
  /// Bytes behind the answer.
  var extraByteCount = 0
}

/// Gives `bytes` to a fresh parser in pieces that end at `cuts`; then the connection ends.
func parse(_ bytes: [UInt8], cutAt cuts: [Int] = [], bodyByteLimit: Int = 1_000) -> ParsedAnswer {
  var parser = AnswerParser(bodyByteLimit: bodyByteLimit)
  var body = ByteBuffer()
  var progress = AnswerParser.Progress.needsMore
  var given = 0
  bytes.withUnsafeBytes { all in
    for cut in cuts + [bytes.count] where cut > given && progress == .needsMore {
      progress = parser.consume(UnsafeRawBufferPointer(rebasing: all[given..<cut]), into: &body)
      if case .complete(let consumed) = progress { given += consumed } else { given = cut }
    }
  }
  if progress == .needsMore { progress = parser.connectionEnded() }
  var parsed = ParsedAnswer()
  switch progress {
  case .needsMore: Issue.record("the end of the connection ends every answer")
  case .complete:
    parsed.head = parser.head
    parsed.body = body.withBytes { String(decoding: $0, as: UTF8.self) }
    parsed.extraByteCount = bytes.count - given
  case .faulty(let fault): parsed.fault = fault
  }
  return parsed
}

struct AnswerSample: Sendable, CustomTestStringConvertible {
  var text: String
  var status: Int?
  var body = ""
  var fault: AnswerFault?
  var extraByteCount = 0
  var closes = false
  var testDescription: String { String(text.debugDescription.prefix(100)) }

  static func good(_ text: String, _ status: Int, _ body: String, extra: Int = 0, closes: Bool = false)
    -> Self
  {
    Self(text: text, status: status, body: body, extraByteCount: extra, closes: closes)
  }
  static func bad(_ text: String, _ fault: AnswerFault = .malformed) -> Self {
    Self(text: text, fault: fault)
  }

  static let all: [AnswerSample] = [
    good("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
    good("HTTP/1.1 200\r\ncontent-length:3\r\n\r\nabc", 200, "abc"),
    good("HTTP/1.1 200 OK\nCONTENT-LENGTH:\t3 \n\nabc", 200, "abc"),
    good("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP", 200, "abc", extra: 4),
    good("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
    good("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", 200, "abc"),
    good("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""),
    good("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx", 200, "x", closes: true),
    good("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", closes: true),
    good("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    good("HTTP/1.1 204 No\r\n\r\n", 204, ""),
    good("HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", 304, ""),
    good("HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    good("HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end", closes: true),
    good(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\n",
      200, "abc0123456789"),
    good(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n000\r\nTrailer: x\r\n\r\nrest", 200,
      "a", extra: 4),
    good(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 200,
      "a", closes: true),
    good("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    bad("", .incomplete),
    bad("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", .incomplete),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", .incomplete),
    bad("HTTP/1.1 100 Go\r\n\r\n", .incomplete),
    bad("HTTP/2 200\r\n\r\n"),
    bad("HTTP/1.2 200 OK\r\n\r\n"),
    bad("HTTP/1.1 2000 OK\r\n\r\n"),
    bad("HTTP/1.1 099 OK\r\n\r\n"),
    bad("HTTP/1.1 101 Switching\r\n\r\n"),
    bad("\r\nHTTP/1.1 200 OK\r\n\r\n"),
    bad("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    bad("HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd"),
    bad("HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc"),
    bad("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc"),
    bad("HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc"),
    bad("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n", .tooLarge),
    bad("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", .tooLarge),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    bad("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    good("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    bad("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx"),
    bad("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx"),
    bad(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
    bad(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "1;" + String(repeating: "e", count: 990) + "\r\na\r\n", count: 60), .tooLarge),
    bad("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx"),
    bad("HTTP/1.1 200 OK\r\n: 1\r\n\r\nx"),
    bad("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\nx"),
    bad("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\nx"),
    bad("HTTP/1.1 200 OK\r\nno colon\r\n\r\nx"),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
    bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", .tooLarge),
    bad(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "e", count: 2_000)
        + "\r\n"),
  ]
}

@Suite struct AnswerParserTests {
  @Test(arguments: AnswerSample.all) func sampleIsReadAlikeHoweverItIsCut(_ sample: AnswerSample) {
    let bytes = Array(sample.text.utf8)
    let whole = parse(bytes)
    #expect(whole.fault == sample.fault)
    #expect(whole.head?.status == sample.status)
    #expect(whole.body == sample.body)
    #expect(whole.extraByteCount == sample.extraByteCount)
    if let head = whole.head { #expect(head.closes == sample.closes) }
    let step = max(1, bytes.count / 5_000)
    for cut in stride(from: 0, to: bytes.count, by: step) {
      #expect(parse(bytes, cutAt: [cut]) == whole, "cut at \(cut)")
    }
    #expect(parse(bytes, cutAt: Array(bytes.indices)) == whole, "byte by byte")
  }

  @Test func onlyTabsAreControlCharactersOfAField() {
    for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") {
      let isText = byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t")
      for length in 1...18 {
        for place in 0..<length {
          var value = [UInt8](repeating: UInt8(ascii: "x"), count: length)
          value[place] = byte
          let answer =
            Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX:".utf8) + value + Array("\r\n\r\n".utf8)
          #expect((parse(answer).fault == nil) == isText, "\(byte) at \(place) of \(length)")
        }
      }
    }
  }

  @Test func fieldsThatAnExchangeNeedsAreRead() {
    let text = """
      HTTP/1.1 503 Busy\r
      Date: Thu, 29 Feb 2024 23:59:58 GMT\r
      Retry-After: Fri, 01 Mar 2024 00:00:08 GMT\r
      Keep-Alive: max=100, Timeout=5\r
      Content-Length: 0\r
      \r

      """
    let head = parse(Array(text.utf8)).head
    #expect(head?.date == 1_709_251_198)
    #expect(head?.retryAfterSeconds(now: 0) == 10)
    #expect(head?.keepAliveSeconds == 5)
  }

  @Test(
    arguments: [
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
      ("Sun, 31 Dec 2000 23:59:60 GMT", 978_307_200), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
      ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil),
      ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("", nil),
      ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, -6 Nov 1994 08:49:37 GMT", nil),
    ] as [(String, Int64?)]) func dateIsSecondsSince1970(_ text: String, _ seconds: Int64?)
  {
    #expect(Array(text.utf8).withUnsafeBytes { HTTPDate.seconds($0) } == seconds)
  }

  @Test(
    arguments: [
      ("Retry-After: 120", 120), ("Retry-After: 99999999999999999999", AnswerHead.secondLimit),
      ("Retry-After: soon", nil), ("Retry-After: -1", nil), ("Retry-After: Thu, 01 Jan 1970 00:00:50 GMT", 0),
      ("Retry-After: Thu, 01 Jan 1970 00:02:00 GMT", 20),
    ] as [(String, Int64?)]) func retryAfterIsSecondsFromNow(_ field: String, _ seconds: Int64?)
  {
    let parsed = parse(Array("HTTP/1.1 429 X\r\n\(field)\r\nContent-Length: 0\r\n\r\n".utf8))
    #expect(parsed.head?.retryAfterSeconds(now: 100) == seconds)
  }

  @Test func damagedAnswersNeverTrapAndReadAlikeHoweverCut() {
    let seed: UInt64 = 0x1995_0704
    print("seed \(seed)")
    var random = Mutation(seed: seed)
    let samples = AnswerSample.all.map { Array($0.text.utf8) }.filter { !$0.isEmpty }
    var completeCount = 0
    for _ in 0..<100_000 {
      let bytes = random.damage(samples[random.next(samples.count)])
      let whole = parse(bytes)
      if whole.head != nil { completeCount += 1 }
      let cuts = (0..<random.next(5)).map { _ in random.next(bytes.count + 1) }.sorted()
      let torn = parse(bytes, cutAt: cuts)
      guard torn == whole else {
        Issue.record("\(bytes) cut at \(cuts): \(torn), whole: \(whole)")
        return
      }
    }
    // Neither all of them broken nor all of them whole.
    #expect((1_000..<99_000).contains(completeCount))
  }
}

/// Seeded damage: bytes changed, doubled, cut out, pieces of the grammar put in.
struct Mutation {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(max(bound, 1)))
  }

  private static let pieces: [String] = [
    "\r\n", "\n", "\r", ":", ";", ",", "0", "f", "Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n",
    "\0",
    "HTTP/1.1 200 OK\r\n", " ", "close", "\r\n\r\n", "Retry-After: 1\r\n", "ffffffffffffffff", "-",
  ]

  mutating func damage(_ sample: [UInt8]) -> [UInt8] {
    var bytes = sample
    for _ in 0...next(3) {
      let position = next(bytes.count + 1)
      switch next(5) {
      case 0 where position < bytes.count: bytes[position] = UInt8(next(256))
      case 1 where position < bytes.count: bytes.remove(at: position)
      case 2: bytes.insert(contentsOf: Self.pieces[next(Self.pieces.count)].utf8, at: position)
      case 3: bytes.insert(contentsOf: bytes[position..<min(position + next(40), bytes.count)], at: position)
      default: bytes = Array(bytes.prefix(position))
      }
    }
    return bytes
  }
}
