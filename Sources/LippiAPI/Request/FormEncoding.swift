package import BridgeCore

/// application/x-www-form-urlencoded. Letters, digits and `-_.` stay, a space becomes `+`, all else is percent-encoded:
/// the SDKs disagree about `*` and `~`, and a decoder takes both forms.
package enum FormEncoding {
  /// For each byte the one or three bytes that stand for it, in the order of a little-endian word, and how many they are
  /// in the fourth.
  private static let words: [UInt32] = (0..<256).map { byte in
    switch UInt8(byte) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      return UInt32(byte) | 1 << 24
    case UInt8(ascii: " "):
      return UInt32(UInt8(ascii: "+")) | 1 << 24
    default:
      let digits = Array("0123456789ABCDEF".utf8)
      return UInt32(UInt8(ascii: "%")) | UInt32(digits[byte >> 4]) << 8 | UInt32(digits[byte & 15]) << 16
        | 3 << 24
    }
  }

  package static func append(_ text: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
    words.withUnsafeBufferPointer { words in
      // A word is written whole: one byte more than the longest form.
      buffer.appendUninitialized(text.count * 3 + 1) { output in
        var position = 0
        for byte in text {
          let word = words[Int(byte)]
          output.storeBytes(of: word.littleEndian, toByteOffset: position, as: UInt32.self)
          position &+= Int(word >> 24)
        }
        return position
      }
    }
  }
}
