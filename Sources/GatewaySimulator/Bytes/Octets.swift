internal import Glibc

/// A view of bytes that somebody else owns; used up before the owner changes.
typealias Bytes = UnsafeBufferPointer<UInt8>

/// A growable buffer that is filled at its end, used up at its front, and reused.
struct Octets: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var front = 0
  private var end = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 16)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  var count: Int { end &- front }
  var isEmpty: Bool { end == front }

  /// Valid until the next change.
  var bytes: Bytes { Bytes(start: base + front, count: end &- front) }

  mutating func removeAll() {
    front = 0
    end = 0
  }

  /// Forgets the content, and the memory too if there is more than `limit` of it.
  mutating func removeAll(keeping limit: Int) {
    removeAll()
    guard capacity > limit else { return }
    base.deallocate()
    capacity = max(limit, 16)
    base = .allocate(capacity: capacity)
  }

  mutating func consume(_ used: Int) {
    front = min(front + used, end)
    if front == end { removeAll() }
  }

  mutating func truncate(to newCount: Int) { end = min(end, front + max(newCount, 0)) }

  mutating func reserve(_ extra: Int) {
    guard capacity &- end < extra else { return }
    let held = count
    if front > 0 && capacity &- held >= extra && held <= front {
      memcpy(base, base + front, held)
    } else {
      capacity = max(capacity * 2, held + extra)
      let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
      memcpy(moved, base + front, held)
      base.deallocate()
      base = moved
    }
    front = 0
    end = held
  }

  mutating func append(_ byte: UInt8) {
    reserve(1)
    base[end] = byte
    end &+= 1
  }

  mutating func append(_ more: Bytes) {
    guard let source = more.baseAddress, more.count > 0 else { return }
    reserve(more.count)
    memcpy(base + end, source, more.count)
    end &+= more.count
  }

  /// Lets `write` fill up to `room` bytes; it returns how many it wrote.
  mutating func append(atMost room: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
    reserve(room)
    let written = write(base + end)
    precondition(written >= 0 && written <= room, "no more is written than there is room for")
    end &+= written
  }

  mutating func append(_ text: StaticString) { append(text.bytes) }

  mutating func append(_ array: [UInt8]) { array.withUnsafeBufferPointer { append($0) } }

  mutating func append(decimal number: Int64) {
    reserve(20)
    if number < 0 { append(UInt8(ascii: "-")) }
    var magnitude = number.magnitude
    let first = end
    repeat {
      base[end] = UInt8(truncatingIfNeeded: magnitude % 10) &+ 48
      end &+= 1
      magnitude /= 10
    } while magnitude > 0
    var low = first
    var high = end &- 1
    while low < high {
      (base[low], base[high]) = (base[high], base[low])
      low &+= 1
      high &-= 1
    }
  }

  /// `text` in chunks of HTTP, small ones, so that an answer has several.
  mutating func append(inChunks text: Bytes) {
    let chunkBytes = 50
    var position = 0
    while position < text.count {
      let chunk = text.slice(position, min(position + chunkBytes, text.count))
      append(hexadecimal: chunk.count)
      append("\r\n")
      append(chunk)
      append("\r\n")
      position += chunk.count
    }
    append("0\r\n\r\n")
  }

  private mutating func append(hexadecimal number: Int) {
    if number >= 16 { append(hexadecimal: number / 16) }
    append(Hexadecimal.lower(UInt8(truncatingIfNeeded: number % 16)))
  }

  mutating func append(lowercaseHex digest: Bytes) {
    for byte in digest {
      append(Hexadecimal.lower(byte >> 4))
      append(Hexadecimal.lower(byte & 15))
    }
  }

  /// A JSON string with its quotes; what is no UTF-8 goes through as it is.
  mutating func append(jsonString text: Bytes) {
    reserve(text.count + 2)
    append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
      case 0..<0x20:
        append("\\u00")
        append(Hexadecimal.lower(byte >> 4))
        append(Hexadecimal.lower(byte & 15))
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }

  mutating func append(xmlText text: Bytes) {
    for byte in text {
      switch byte {
      case UInt8(ascii: "<"): append("&lt;")
      case UInt8(ascii: ">"): append("&gt;")
      case UInt8(ascii: "&"): append("&amp;")
      default: append(byte)
      }
    }
  }
}

enum Hexadecimal {
  static func lower(_ value: UInt8) -> UInt8 { value < 10 ? 48 &+ value : 87 &+ value }
  static func upper(_ value: UInt8) -> UInt8 { value < 10 ? 48 &+ value : 55 &+ value }

  static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit &- 48
    case 65...70: digit &- 55
    case 97...102: digit &- 87
    default: nil
    }
  }
}

extension StaticString {
  var bytes: Bytes { Bytes(start: utf8Start, count: utf8CodeUnitCount) }
}

extension Bytes {
  func equals(_ other: Bytes) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let mine = baseAddress, let theirs = other.baseAddress else { return true }
    return memcmp(mine, theirs, count) == 0
  }

  func equals(_ text: StaticString) -> Bool { equals(text.bytes) }

  func equals(_ array: [UInt8]) -> Bool { array.withUnsafeBufferPointer { equals($0) } }

  /// `lowercase` holds no capital letter.
  func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    let wanted = lowercase.bytes
    guard count == wanted.count else { return false }
    for position in 0..<count {
      let byte = self[position]
      let small = byte >= 65 && byte <= 90 ? byte | 0x20 : byte
      if small != wanted[position] { return false }
    }
    return true
  }

  func hasPrefixIgnoringCase(_ lowercase: StaticString) -> Bool {
    let length = lowercase.utf8CodeUnitCount
    return count >= length && slice(0, length).equalsIgnoringCase(lowercase)
  }

  func slice(_ start: Int, _ end: Int) -> Bytes { Bytes(rebasing: self[start..<end]) }

  func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    guard let base = baseAddress, start < count,
      let found = memchr(base + start, Int32(byte), count - start)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  func trimmed() -> Bytes {
    var start = 0
    var end = count
    while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
    while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
    return slice(start, end)
  }

  /// Nothing but blanks.
  var isBlank: Bool { allSatisfy { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) } }

  /// nil for anything but one to eighteen decimal digits.
  var decimal: Int64? {
    guard count >= 1 && count <= 18 else { return nil }
    var number: Int64 = 0
    for byte in self {
      guard byte >= 48 && byte <= 57 else { return nil }
      number = number * 10 + Int64(byte - 48)
    }
    return number
  }

  var isUTF8: Bool {
    if allSatisfy({ $0 < 0x80 }) { return true }
    return String(validating: self, as: UTF8.self) != nil
  }
}
