import BridgeCore
import Testing

@Suite struct HeaderBlockTests {
  static let blocks: [[(String, [UInt8])]] = [
    [],
    [("a", [])],
    [("", [1])],
    [("traceparent", Array("00-ab".utf8)), ("x", [0, 255, 10]), ("x", [])],
    [(String(repeating: "n", count: 255), [UInt8](repeating: 7, count: 70_000)), ("last", [1])],
  ]

  @Test(arguments: blocks) func headersReadBackInOrder(headers: [(String, [UInt8])]) {
    var buffer = ByteBuffer(capacity: 1)
    for (name, value) in headers {
      Array(name.utf8).withUnsafeBytes { name in
        value.withUnsafeBytes { HeaderBlock.append(name: name, value: $0, to: &buffer) }
      }
    }
    var read: [(String, [UInt8])] = []
    buffer.withBytes { block in
      HeaderBlock.forEach(in: block) { read.append((String(decoding: $0, as: UTF8.self), Array($1))) }
    }
    #expect(read.count == headers.count)
    #expect(read.map(\.0) == headers.map(\.0))
    #expect(read.map(\.1) == headers.map(\.1))
  }
}
