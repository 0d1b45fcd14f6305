internal import BridgeCore
internal import CZlib

/// Unpacks whole bodies. Rare, so every body gets a stream of its own.
enum Inflation {
  private static let pieceByteCount = 16 * 1_024
  /// gzip only: no stream without its checksum.
  private static let gzipWindow: Int32 = 15 + 16
  private static let zlibWindow: Int32 = 15
  private static let bareWindow: Int32 = -15

  /// Puts the unpacked bytes in the place of `body`; nil if that went well. No more than `limit` bytes are ever
  /// unpacked, whatever the body would become.
  static func unpack(_ body: inout ByteBuffer, from coding: ContentCoding, limit: Int) -> AnswerFault? {
    // A body of nothing is packed by nobody.
    guard coding != .identity, !body.isEmpty else { return nil }
    var unpacked = ByteBuffer(capacity: min(limit, pieceByteCount))
    let fault: AnswerFault? = body.withBytes { packed in
      switch coding {
      case .identity: nil
      case .gzip: unpack(packed, window: gzipWindow, into: &unpacked, limit: limit)
      case .deflate:
        unpack(
          packed, window: startsZlibStream(packed) ? zlibWindow : bareWindow, into: &unpacked, limit: limit)
      }
    }
    guard fault == nil else { return fault }
    swap(&body, &unpacked)
    return nil
  }

  /// RFC 1950: the method deflate, and a check that makes 16 bits a multiple of 31.
  private static func startsZlibStream(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 2 else { return false }
    return bytes[0] & 0x0F == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
  }

  private static func unpack(
    _ packed: UnsafeRawBufferPointer, window: Int32, into unpacked: inout ByteBuffer, limit: Int
  ) -> AnswerFault? {
    var stream = z_stream()
    guard bridge_inflate_begin(&stream, window) == Z_OK else { return .malformed }
    defer { inflateEnd(&stream) }
    // zlib does not write to its input, though its interface cannot say so.
    stream.next_in = UnsafeMutablePointer(
      mutating: packed.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(clamping: packed.count)
    guard Int(stream.avail_in) == packed.count else { return .tooLarge }
    while true {
      // One byte more than allowed tells "just fits" from "too large".
      let room = min(pieceByteCount, limit - unpacked.count + 1)
      var code = Z_OK
      unpacked.appendUninitialized(room) { target in
        stream.next_out = target.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(room)
        code = inflate(&stream, Z_NO_FLUSH)
        return room - Int(stream.avail_out)
      }
      guard unpacked.count <= limit else { return .tooLarge }
      switch code {
      case Z_OK where stream.avail_in > 0 || stream.avail_out == 0: continue
      case Z_STREAM_END where stream.avail_in == 0: return nil
      // gzip files may be strung together.
      case Z_STREAM_END where window == gzipWindow && inflateReset(&stream) == Z_OK: continue
      // Damaged, cut short, with a dictionary, or with something behind its end.
      default: return .malformed
      }
    }
  }
}
