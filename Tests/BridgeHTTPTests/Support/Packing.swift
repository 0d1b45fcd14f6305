internal import CZlib

/// Bodies packed by zlib.
enum Packing {
  static let gzip: Int32 = 15 + 16
  static let zlib: Int32 = 15
  static let bare: Int32 = -15

  static func pack(_ bytes: [UInt8], window: Int32) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    precondition(
      deflateInit2_(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
    defer { deflateEnd(&stream) }
    let room = Int(deflateBound(&stream, UInt(bytes.count))) + 64
    var source = bytes
    return source.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      return [UInt8](unsafeUninitializedCapacity: room) { target, count in
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(room)
        precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
        count = room - Int(stream.avail_out)
      }
    }
  }
}
