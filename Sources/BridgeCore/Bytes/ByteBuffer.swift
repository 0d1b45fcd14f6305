/// A growable buffer that is filled from the front and reused: the hot path writes requests, outcomes and texts
/// into buffers of this kind, so that an event costs no heap traffic once the buffers have grown.
package struct ByteBuffer: ~Copyable {
  package private(set) var count: Int
  package private(set) var capacity: Int
  @usableFromInline var base: UnsafeMutableRawPointer

  package init(capacity: Int = 256) {
    precondition(capacity > 0, "a buffer has room for at least one byte")
    count = 0
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  package var isEmpty: Bool { count == 0 }

  /// Forgets the content, keeps the memory.
  package mutating func removeAll() { count = 0 }

  /// Forgets what stands behind `newCount` bytes.
  package mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "a buffer is only cut back")
    count = newCount
  }

  /// Gives memory back when a single large record made the buffer grow beyond `limit`; the content is lost.
  package mutating func shrink(ifOver limit: Int) {
    count = 0
    guard capacity > limit else { return }
    base.deallocate()
    base = .allocate(byteCount: limit, alignment: 16)
    capacity = limit
  }

  /// Makes room for `extra` more bytes.
  @inline(__always)
  package mutating func reserve(_ extra: Int) {
    if capacity &- count < extra { grow(extra) }
  }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    let wanted = max(capacity * 2, count + extra)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
    moved.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = moved
    capacity = wanted
  }

  @inline(__always)
  package mutating func append(_ byte: UInt8) {
    reserve(1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count &+= 1
  }

  @inline(__always)
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  /// Inlined, so that the length is known where it is written.
  @inline(__always)
  package mutating func append(_ text: StaticString) {
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

  package mutating func appendDecimal(_ number: Int64) {
    reserve(20)
    var magnitude = number.magnitude
    if number < 0 { append(UInt8(ascii: "-")) }
    var digitCount = 1
    var bound: UInt64 = 10
    while magnitude >= bound {
      digitCount &+= 1
      if digitCount == 20 { break }
      bound &*= 10
    }
    var position = count &+ digitCount
    count = position
    repeat {
      position &-= 1
      base.storeBytes(
        of: UInt8(truncatingIfNeeded: magnitude % 10) &+ 48, toByteOffset: position, as: UInt8.self)
      magnitude /= 10
    } while magnitude > 0
  }

  /// Lets `write` fill up to `room` bytes behind the content; it returns how many it wrote.
  package mutating func appendUninitialized(_ room: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
    reserve(room)
    let written = write(base + count)
    precondition(written >= 0 && written <= room, "no more was written than there was room for")
    count &+= written
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
