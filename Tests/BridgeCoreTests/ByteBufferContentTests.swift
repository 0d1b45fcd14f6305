import BridgeCore
import Foundation
import Testing

@Suite struct ByteBufferContentTests {
  @Test(arguments: [0, 9, 10, 99, 100, -1, -10, 1_577_096_532_390, .max, .min] as [Int64])
  func decimalsAreWrittenWhole(number: Int64) {
    var buffer = ByteBuffer(capacity: 1)
    buffer.append("n=")
    buffer.appendDecimal(number)
    #expect(text(buffer) == "n=\(number)")
  }

  @Test func everyPowerOfTenHasItsDigits() {
    var power: Int64 = 1
    for _ in 0..<19 {
      for number in [power - 1, power, power + 1, -power] {
        var buffer = ByteBuffer(capacity: 1)
        buffer.appendDecimal(number)
        #expect(text(buffer) == String(number))
      }
      power = power.multipliedReportingOverflow(by: 10).partialValue
    }
  }

  @Test func everyPairOfDigitsIsWritten() {
    for number in Int64(0)..<20_000 {
      var buffer = ByteBuffer(capacity: 1)
      buffer.appendDecimal(number)
      #expect(text(buffer) == String(number))
    }
  }

  @Test func contentSurvivesGrowth() {
    var buffer = ByteBuffer(capacity: 1)
    var expected: [UInt8] = []
    for count in 0..<200 {
      let bytes = [UInt8](repeating: UInt8(count), count: count)
      buffer.append(bytes)
      expected += bytes
    }
    #expect(buffer.withBytes { Array($0) } == expected)
    #expect(buffer.capacity >= expected.count)
  }

  @Test func rangesReadBackWhatWasStored() {
    var buffer = ByteBuffer(capacity: 4)
    let first = Array("first".utf8).withUnsafeBytes { buffer.store($0) }
    let empty = [UInt8]().withUnsafeBytes { buffer.store($0) }
    let last = Array("last".utf8).withUnsafeBytes { buffer.store($0) }
    #expect(buffer.withBytes(of: first) { Array($0) } == Array("first".utf8))
    #expect(buffer.withBytes(of: last) { Array($0) } == Array("last".utf8))
    #expect(empty.isPresent && empty.count == 0)
    #expect(buffer.withBytes(of: empty) { $0.count } == 0)
    #expect(!TextRange.absent.isPresent)
    #expect(buffer.withBytes(of: .absent) { $0.count } == 0)
  }

  @Test func replacingTruncatingAndShrinkingKeepTheRest() {
    var buffer = ByteBuffer(capacity: 8)
    buffer.append("length=0000;tail")
    Array("1234".utf8).withUnsafeBytes { buffer.replace(at: 7, with: $0) }
    #expect(text(buffer) == "length=1234;tail")
    buffer.truncate(to: 11)
    #expect(text(buffer) == "length=1234")
    buffer.shrink(ifOver: 1_000)
    #expect(buffer.isEmpty && buffer.capacity >= 16)
    buffer.shrink(ifOver: 8)
    #expect(buffer.capacity == 8)
  }

  @Test func uninitializedRoomCountsWhatWasWritten() {
    var buffer = ByteBuffer(capacity: 2)
    buffer.append("a")
    buffer.appendUninitialized(100) { room in
      room.storeBytes(of: UInt8(ascii: "b"), as: UInt8.self)
      return 1
    }
    #expect(text(buffer) == "ab")
  }

  @Test func everyByteAtEveryPlaceIsAJSONString() throws {
    for byte in 0..<128 as Range<UInt8> {
      for place in 0..<18 {
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 18)
        bytes[place] = byte
        try expectRoundTrip(String(decoding: bytes, as: UTF8.self))
      }
    }
  }

  @Test func textsOfAllScriptsAreJSONStrings() throws {
    for text in [
      "", "\"", "\\\"\u{0}", "错误🧳é\u{2028}\u{85}", "a\u{7F}b/", String(repeating: "\"\n", count: 50),
    ] {
      try expectRoundTrip(text)
    }
  }

  private func expectRoundTrip(_ text: String) throws {
    var buffer = ByteBuffer(capacity: 1)
    buffer.append("[")
    buffer.appendJSONString(text: text)
    buffer.append("]")
    let parsed = try JSONSerialization.jsonObject(with: buffer.withBytes { Data($0) })
    let read = try #require((parsed as? [String])?.first)
    #expect(Array(read.utf8) == Array(text.utf8))
  }

  private func text(_ buffer: borrowing ByteBuffer) -> String {
    buffer.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
