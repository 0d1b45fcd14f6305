/// Looks at the eight bytes of a little-endian word at once: the high bit over each byte that is looked for.
///
/// A borrow can also mark bytes above a true hit, never one where there is none below: the lowest mark is always right,
/// and no mark means no such byte. Public for the same reason as the small parts of `ByteBuffer`.
public enum ByteMarks {
  @usableFromInline static let ones: UInt64 = 0x0101_0101_0101_0101
  @usableFromInline static let highs: UInt64 = 0x8080_8080_8080_8080

  @inlinable @inline(__always)
  public static func of(_ byte: UInt8, in word: UInt64) -> UInt64 {
    let difference = word ^ (ones &* UInt64(byte))
    return (difference &- ones) & ~difference & highs
  }

  /// `limit` is at most 0x80.
  @inlinable @inline(__always)
  public static func below(_ limit: UInt8, in word: UInt64) -> UInt64 {
    (word &- ones &* UInt64(limit)) & ~word & highs
  }
}
