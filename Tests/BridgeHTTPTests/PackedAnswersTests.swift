import BridgeCore
import Synchronization
import Testing

@testable import BridgeHTTP

@Suite struct PackedAnswersTests {
  private static let limit = 100_000
  private static let text = Array("{\"error_response\":{\"code\":15,\"msg\":\"Remote service error\"}}".utf8)

  private static func unpack(_ bytes: [UInt8], _ coding: ContentCoding, limit: Int = limit) -> (
    [UInt8], AnswerFault?
  ) {
    var body = ByteBuffer()
    body.append(bytes)
    let fault = Inflation.unpack(&body, from: coding, limit: limit)
    return (body.withBytes { Array($0) }, fault)
  }

  @Test(
    arguments: [
      (Packing.gzip, ContentCoding.gzip), (Packing.zlib, .deflate), (Packing.bare, .deflate),
    ]) func aWholeStreamIsUnpackedAndAPieceOfItIsNot(_ window: Int32, _ coding: ContentCoding)
  {
    for content in [[], Self.text, [UInt8](repeating: 7, count: 50_000)] {
      let packed = Packing.pack(content, window: window)
      let (body, fault) = Self.unpack(packed, coding)
      #expect(fault == nil)
      #expect(body == content)
      for cut in 1..<packed.count {
        #expect(Self.unpack(Array(packed[..<cut]), coding).1 == .malformed, "cut at \(cut)")
      }
      #expect(Self.unpack(packed + [0x20], coding).1 == .malformed)
    }
  }

  @Test func stringsOfStreamsAreForGzipAlone() {
    let packed = Packing.pack(Self.text, window: Packing.gzip)
    #expect(Self.unpack(packed + packed, .gzip) == (Self.text + Self.text, nil))
    let other = Packing.pack(Self.text, window: Packing.zlib)
    #expect(Self.unpack(other + other, .deflate).1 == .malformed)
    #expect(Self.unpack(other, .gzip).1 == .malformed)
  }

  @Test func aBombEndsAtTheLimit() {
    // 64 MiB in 64 KiB.
    let bomb = Packing.pack([UInt8](repeating: 0, count: 64 << 20), window: Packing.gzip)
    print("bomb: \(bomb.count) bytes")
    let before = GatewayDriver.threadTime()
    #expect(Self.unpack(bomb, .gzip).1 == .tooLarge)
    #expect(GatewayDriver.threadTime() - before < 20_000)
    let fitting = [UInt8](repeating: 1, count: Self.limit)
    #expect(Self.unpack(Packing.pack(fitting, window: Packing.gzip), .gzip) == (fitting, nil))
    let larger = Packing.pack(fitting + [1], window: Packing.gzip)
    #expect(Self.unpack(larger, .gzip).1 == .tooLarge)
  }

  @Test func nothingAtAllIsAnEmptyBody() {
    #expect(Self.unpack([], .gzip) == ([], nil))
    #expect(Self.unpack([], .deflate) == ([], nil))
  }

  @Test func damagedStreamsNeverTrap() {
    let seed: UInt64 = 0x1951_0000
    print("seed \(seed)")
    var random = Mutation(seed: seed)
    let packed: [([UInt8], ContentCoding)] = [
      (Packing.pack(Self.text, window: Packing.gzip), .gzip),
      (Packing.pack([UInt8](repeating: 65, count: 200_000), window: Packing.gzip), .gzip),
      (Packing.pack(Self.text, window: Packing.zlib), .deflate),
      (Packing.pack(Self.text, window: Packing.bare), .deflate),
    ]
    var counts: [String: Int] = [:]
    for _ in 0..<20_000 {
      let (bytes, coding) = packed[random.next(packed.count)]
      let (body, fault) = Self.unpack(random.damage(bytes), coding, limit: 10_000)
      if fault == nil { #expect(body.count <= 10_000) }
      counts[fault.map { "\($0)" } ?? "whole", default: 0] += 1
    }
    print(counts)
    #expect(counts.count == 3)
  }

  struct Packed: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var ending: AttemptEnding
    var body = ""
    var bytes: [UInt8]
    var fields: String
    static let all: [Packed] = [
      Packed(
        testDescription: "gzip", ending: Misdeed.answered(200),
        body: String(decoding: PackedAnswersTests.text, as: UTF8.self),
        bytes: Packing.pack(PackedAnswersTests.text, window: Packing.gzip),
        fields: "Content-Encoding: gzip\r\n"),
      Packed(
        testDescription: "x-gzip", ending: Misdeed.answered(200),
        body: String(decoding: PackedAnswersTests.text, as: UTF8.self),
        bytes: Packing.pack(PackedAnswersTests.text, window: Packing.gzip),
        fields: "Content-Encoding: X-GZIP\r\n"),
      Packed(
        testDescription: "deflate", ending: Misdeed.answered(200),
        body: String(decoding: PackedAnswersTests.text, as: UTF8.self),
        bytes: Packing.pack(PackedAnswersTests.text, window: Packing.zlib),
        fields: "Content-Encoding: deflate\r\n"),
      Packed(
        testDescription: "bomb", ending: .unanswered(.answerTooLarge),
        bytes: Packing.pack([UInt8](repeating: 0, count: 10 << 20), window: Packing.gzip),
        fields: "Content-Encoding: gzip\r\n"),
      Packed(
        testDescription: "not packed at all", ending: .unanswered(.malformedAnswer), bytes: Array("{}".utf8),
        fields: "Content-Encoding: gzip\r\n"),
      Packed(
        testDescription: "packed, not said", ending: Misdeed.answered(200), body: "\u{78}\u{1}\u{3}",
        bytes: [0x78, 1, 3], fields: ""),
    ]
  }

  @Test(arguments: Packed.all) func anExchangeEndsAsItsBodySays(_ packed: Packed) throws {
    let server = ScriptedServer { peer in
      while peer.readRequest() != nil {
        let head = "HTTP/1.1 200 X\r\n\(packed.fields)Content-Length: \(packed.bytes.count)\r\n\r\n"
        peer.write(Array(head.utf8) + packed.bytes)
      }
    }
    let driver = try GatewayDriver(server.url, answerByteLimit: Self.limit)
    for _ in 0..<3 {
      let ended = try driver.exchange()
      #expect(ended.report.ending == packed.ending)
      if case .answered = packed.ending { #expect(ended.body == packed.body) }
    }
    if case .answered = packed.ending { #expect(server.acceptedCount.withLock { $0 } == 1) }
  }
}
