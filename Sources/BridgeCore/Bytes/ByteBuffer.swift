/// A growable buffer that is filled from the front and reused: the hot path writes requests, outcomes and texts
/// into buffers of this kind, so that an event costs no heap traffic once the buffers have grown.
///
/// What is small and called for every text is public, although it is for this package alone: the compiler inlines
/// nothing into another module that is declared `package`.
public struct ByteBuffer: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var used: Int
  @usableFromInline var room: Int

  package init(capacity: Int = 256) {
    precondition(capacity > 0, "a buffer has room for at least one byte")
    used = 0
    room = capacity
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  @inlinable public var count: Int { used }
  package var capacity: Int { room }
  @inlinable public var isEmpty: Bool { used == 0 }

  /// Forgets the content, keeps the memory.
  package mutating func removeAll() { used = 0 }

  /// Forgets what stands behind `newCount` bytes.
  package mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "a buffer is only cut back")
    used = newCount
  }

  /// Gives memory back when a single large record made the buffer grow beyond `limit`; the content is lost.
  package mutating func shrink(ifOver limit: Int) {
    used = 0
    guard room > limit else { return }
    base.deallocate()
    base = .allocate(byteCount: limit, alignment: 16)
    room = limit
  }

  /// Makes room for `extra` more bytes.
  @inlinable @inline(__always)
  public mutating func reserve(_ extra: Int) {
    if room &- used < extra { grow(extra) }
  }

  @usableFromInline @inline(never)
  mutating func grow(_ extra: Int) {
    let wanted = max(room * 2, used + extra)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
    moved.copyMemory(from: base, byteCount: used)
    base.deallocate()
    base = moved
    room = wanted
  }

  @inlinable @inline(__always)
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    base.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
    used &+= 1
  }

  @inlinable @inline(__always)
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    (base + used).copyMemory(from: source, byteCount: bytes.count)
    used &+= bytes.count
  }

  /// Inlined, so that the length is known where it is written.
  @inlinable @inline(__always)
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// For cold paths only: a `String` may have to be made contiguous first.
  package mutating func append(text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Two digits a step.
  package mutating func appendDecimal(_ number: Int64) {
    reserve(20)
    if number < 0 { append(UInt8(ascii: "-")) }
    let magnitude = number.magnitude
    var position = used &+ Self.digitCount(magnitude)
    used = position
    var rest = magnitude
    while rest >= 100 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      position &-= 2
      base.storeBytes(of: Self.digits(of: pair), toByteOffset: position, as: UInt16.self)
      rest = quotient
    }
    if rest >= 10 {
      base.storeBytes(of: Self.digits(of: rest), toByteOffset: position &- 2, as: UInt16.self)
    } else {
      base.storeBytes(of: UInt8(truncatingIfNeeded: rest) &+ 48, toByteOffset: position &- 1, as: UInt8.self)
    }
  }

  private static func digitCount(_ magnitude: UInt64) -> Int {
    var count = 1
    var rest = magnitude
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    return count &+ (rest >= 1_000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
  }

  private static func digits(of pair: UInt64) -> UInt16 {
    UnsafeRawPointer(digitPairs.utf8Start).loadUnaligned(fromByteOffset: Int(pair) &* 2, as: UInt16.self)
  }

  /// The digits of 00 to 99 in a row. The range of the remainders keeps what is read inside.
  private static let digitPairs: StaticString = """
    0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899
    """

  /// Lets `write` fill up to `byteCount` bytes behind the content; it returns how many it wrote.
  package mutating func appendUninitialized(_ byteCount: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
    reserve(byteCount)
    let written = write(base + used)
    precondition(written >= 0 && written <= byteCount, "no more was written than there was room for")
    used &+= written
  }

  /// Overwrites bytes that are already content.
  package mutating func replace(at position: Int, with bytes: UnsafeRawBufferPointer) {
    precondition(position >= 0 && position + bytes.count <= count, "only content is replaced")
    guard let source = bytes.baseAddress else { return }
    (base + position).copyMemory(from: source, byteCount: bytes.count)
  }

  /// The content; the pointer is valid inside `read` only.
  package borrowing func withBytes<Result, Failure: Error>(
    _ read: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try read(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// The bytes of `range`, nothing for an absent one; the pointer is valid inside `read` only.
  package borrowing func withBytes<Result, Failure: Error>(
    of range: TextRange, _ read: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard range.isPresent else { return try read(UnsafeRawBufferPointer(start: nil, count: 0)) }
    precondition(range.end <= count, "a range lies inside the buffer that it was made for")
    return try read(UnsafeRawBufferPointer(start: base + range.start, count: range.count))
  }

  /// Appends `bytes` and says where they stand.
  package mutating func store(_ bytes: UnsafeRawBufferPointer) -> TextRange {
    let start = count
    append(bytes)
    return TextRange(start: start, count: bytes.count)
  }
}
