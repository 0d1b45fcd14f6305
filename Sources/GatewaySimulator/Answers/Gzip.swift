internal import CZlib

/// Compresses bodies, each as one gzip member.
struct Gzip: ~Copyable {
  /// The largest window, and the gzip form.
  private static let gzipWindowBits: Int32 = 15 + 16
  private static let memoryLevel: Int32 = 8

  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init() {
    stream.initialize(to: z_stream())
    // It fails without memory or with another zlib than the one compiled against.
    let code = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.gzipWindowBits, Self.memoryLevel, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { preconditionFailure("zlib compresses") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Puts the compressed `plain` behind what `packed` holds.
  func compress(_ plain: Bytes, into packed: inout Octets) {
    guard deflateReset(stream) == Z_OK else { return }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: plain.baseAddress)
    stream.pointee.avail_in = UInt32(plain.count)
    let room = Int(deflateBound(stream, UInt(plain.count)))
    packed.append(atMost: room) { target in
      stream.pointee.next_out = target
      stream.pointee.avail_out = UInt32(room)
      // With room for the worst case one call does everything.
      return deflate(stream, Z_FINISH) == Z_STREAM_END ? room - Int(stream.pointee.avail_out) : 0
    }
  }
}
