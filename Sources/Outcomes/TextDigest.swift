import BridgeCore
import CCrypto

/// SHA-256 of a text that is too long to be written out.
struct TextDigest {
  private var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  static let hexadecimalSize = 64

  init(of text: UnsafeRawBufferPointer) {
    withUnsafeMutableBytes(of: &bytes) { digest in
      _ = SHA256(
        text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count,
        digest.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Appends the first `digits` of the digest's 64, in lower case.
  func appendHexadecimal(digits: Int, to buffer: inout ByteBuffer) {
    precondition(digits <= Self.hexadecimalSize && digits % 2 == 0, "whole bytes of one digest")
    withUnsafeBytes(of: bytes) { digest in
      for byte in digest.prefix(digits / 2) {
        buffer.append(Self.digit(byte >> 4))
        buffer.append(Self.digit(byte & 15))
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
