/// What must not come back in a text of the gateway.
struct GuardedTexts {
  var content: UnsafeRawBufferPointer?
  var cmsID: UnsafeRawBufferPointer?
  var senderID: UnsafeRawBufferPointer?
}

/// Finds out whether a text repeats a part of the content or a member id.
///
/// Eight common bytes contain, wherever they stand, a piece of five bytes that begins at a multiple of four in the
/// content. So the text's five-byte pieces go into a bit set and every fourth place of the content is looked up there;
/// only a hit is looked at more closely, in a table of the text's eight-byte pieces that is made at the first hit.
/// The work is bounded by the sum of both lengths, not by their product.
struct EchoScreen: ~Copyable {
  /// Texts are looked at up to here.
  static let textByteLimit = 1_024
  /// So many consecutive bytes of the content make an echo.
  static let pieceSize = 8
  /// Ids shorter than this are found as whole words only.
  static let wordIDSize = 4

  private static let bitWordCount = 64
  private static let bucketCount = 1_024
  private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

  private let bits: UnsafeMutablePointer<UInt64>
  /// First piece of each bucket, and the next piece after each piece; `noPiece` ends a chain.
  private let buckets: UnsafeMutablePointer<UInt16>
  private let following: UnsafeMutablePointer<UInt16>
  private static let noPiece = UInt16.max

  init() {
    bits = .allocate(capacity: Self.bitWordCount)
    buckets = .allocate(capacity: Self.bucketCount)
    following = .allocate(capacity: Self.textByteLimit)
  }

  deinit {
    bits.deallocate()
    buckets.deallocate()
    following.deallocate()
  }

  /// `text` has at most `textByteLimit` bytes.
  mutating func finds(_ guarded: GuardedTexts, in text: UnsafeRawBufferPointer) -> Bool {
    precondition(text.count <= Self.textByteLimit, "only the beginning of a text is looked at")
    if let id = guarded.cmsID, Self.contains(id, in: text) { return true }
    if let id = guarded.senderID, Self.contains(id, in: text) { return true }
    guard let content = guarded.content else { return false }
    return sharesPiece(text, content)
  }

  private mutating func sharesPiece(
    _ text: UnsafeRawBufferPointer, _ content: UnsafeRawBufferPointer
  ) -> Bool {
    guard text.count >= Self.pieceSize, content.count >= Self.pieceSize else { return false }
    bits.update(repeating: 0, count: Self.bitWordCount)
    var position = 0
    while position &+ 5 <= text.count {
      let index = Self.bitIndex(text, position)
      bits[index >> 6] |= 1 << UInt64(index & 63)
      position &+= 1
    }
    var isTableMade = false
    position = 0
    while position &+ 5 <= content.count {
      let index = Self.bitIndex(content, position)
      if bits[index >> 6] & (1 << UInt64(index & 63)) != 0 {
        if !isTableMade {
          makeTable(text)
          isTableMade = true
        }
        var start = max(0, position &- 3)
        while start <= position, start &+ Self.pieceSize <= content.count {
          let piece = content.loadUnaligned(fromByteOffset: start, as: UInt64.self)
          if tableHas(piece, of: text) { return true }
          start &+= 1
        }
      }
      position &+= 4
    }
    return false
  }

  private mutating func makeTable(_ text: UnsafeRawBufferPointer) {
    buckets.update(repeating: Self.noPiece, count: Self.bucketCount)
    var position = 0
    while position &+ Self.pieceSize <= text.count {
      let piece = text.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let bucket = Self.bucket(piece)
      following[position] = buckets[bucket]
      buckets[bucket] = UInt16(truncatingIfNeeded: position)
      position &+= 1
    }
  }

  private borrowing func tableHas(_ piece: UInt64, of text: UnsafeRawBufferPointer) -> Bool {
    var position = buckets[Self.bucket(piece)]
    while position != Self.noPiece {
      if text.loadUnaligned(fromByteOffset: Int(position), as: UInt64.self) == piece { return true }
      position = following[Int(position)]
    }
    return false
  }

  private static func bitIndex(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int {
    let four = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
    let piece = UInt64(four) | UInt64(bytes[position &+ 4]) << 32
    return Int(truncatingIfNeeded: (piece &* factor) >> 52)
  }

  private static func bucket(_ piece: UInt64) -> Int {
    Int(truncatingIfNeeded: (piece &* factor) >> 54)
  }

  private static func contains(_ id: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer) -> Bool {
    guard id.count > 0, id.count <= text.count else { return false }
    let first = id[0]
    var position = 0
    while position &+ id.count <= text.count {
      if text[position] == first, stands(id, in: text, at: position),
        id.count >= wordIDSize || isWord(in: text, from: position, to: position &+ id.count)
      {
        return true
      }
      position &+= 1
    }
    return false
  }

  private static func stands(
    _ id: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, at position: Int
  ) -> Bool {
    var index = 0
    while index &+ 8 <= id.count {
      let wanted = id.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if text.loadUnaligned(fromByteOffset: position &+ index, as: UInt64.self) != wanted { return false }
      index &+= 8
    }
    while index < id.count {
      if text[position &+ index] != id[index] { return false }
      index &+= 1
    }
    return true
  }

  private static func isWord(in text: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
    (start == 0 || !isWordByte(text[start &- 1])) && (end == text.count || !isWordByte(text[end]))
  }

  /// Letters, digits, underscore and whatever is not ASCII.
  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }
}
