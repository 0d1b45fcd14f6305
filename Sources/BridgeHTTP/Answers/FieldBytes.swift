import BridgeCore
import Glibc

/// Reading of heads and field values without making texts of them.
extension UnsafeRawBufferPointer {
  /// Where the first such byte stands.
  func firstPosition(of byte: UInt8) -> Int? {
    guard let baseAddress, let found = memchr(baseAddress, Int32(byte), count) else { return nil }
    return UnsafeRawPointer(found) - baseAddress
  }

  /// Without blanks around it.
  var trimmed: UnsafeRawBufferPointer {
    var start = 0
    var end = count
    while start < end, Self.isBlank(self[start]) { start &+= 1 }
    while end > start, Self.isBlank(self[end &- 1]) { end &-= 1 }
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }

  /// Equal but for the case of letters; `lower` is in lower case.
  func matches(_ lower: StaticString) -> Bool {
    guard count == lower.utf8CodeUnitCount else { return false }
    let wanted = lower.utf8Start
    for position in 0..<count {
      var byte = self[position]
      if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
      if byte != wanted[position] { return false }
    }
    return true
  }

  /// No control characters but tabs from `start` on; eight bytes a step.
  func isFieldText(from start: Int) -> Bool {
    var position = start
    while position &+ 8 <= count {
      let word = loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian
      let controls = ByteMarks.below(0x20, in: word) | ByteMarks.of(0x7F, in: word)
      if controls != 0, !isFieldText(position..<position &+ 8) { return false }
      position &+= 8
    }
    return isFieldText(position..<count)
  }

  private func isFieldText(_ range: Range<Int>) -> Bool {
    for position in range {
      let byte = self[position]
      if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F { return false }
    }
    return true
  }

  /// Digits only; numbers over `limit` become `limit`.
  func decimalValue(limit: Int64) -> Int64? {
    guard count > 0 else { return nil }
    var value: Int64 = 0
    for byte in self {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = Swift.min(value &* 10 &+ Int64(byte &- UInt8(ascii: "0")), limit)
    }
    return value
  }

  /// The parts between commas, without blanks around them.
  func forEachElement(_ visit: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    for position in 0...count where position == count || self[position] == UInt8(ascii: ",") {
      visit(UnsafeRawBufferPointer(rebasing: self[start..<position]).trimmed)
      start = position &+ 1
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
