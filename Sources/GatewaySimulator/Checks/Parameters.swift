/// The decoded parameters of one request, from its query and its form alike.
struct Parameters: ~Copyable {
  static let countLimit = 64

  private struct Entry {
    var nameStart: Int
    var nameCount: Int
    var valueStart: Int
    var valueCount: Int
  }

  private var text = Octets(capacity: 4096)
  private var entries: [Entry] = []
  /// Every escape was one, everything decoded is UTF-8, and there were not too many.
  private(set) var isReadable = true

  mutating func removeAll() {
    text.removeAll(keeping: 64 * 1024)
    entries.removeAll(keepingCapacity: true)
    isReadable = true
  }

  var count: Int { entries.count }

  func name(_ index: Int) -> Bytes {
    let entry = entries[index]
    return text.bytes.slice(entry.nameStart, entry.nameStart + entry.nameCount)
  }

  func value(_ index: Int) -> Bytes {
    let entry = entries[index]
    return text.bytes.slice(entry.valueStart, entry.valueStart + entry.valueCount)
  }

  /// nil for a parameter that is not there; one without a value counts as not there.
  func value(of wanted: StaticString) -> Bytes? {
    for index in 0..<entries.count where name(index).equals(wanted) {
      let found = value(index)
      return found.isBlank ? nil : found
    }
    return nil
  }

  /// It stands more than once.
  func isRepeated(_ wanted: StaticString) -> Bool {
    var found = 0
    for index in 0..<entries.count where name(index).equals(wanted) { found += 1 }
    return found > 1
  }

  /// Reads `name=value&…`.
  mutating func read(_ encoded: Bytes) {
    var position = 0
    while position < encoded.count {
      guard entries.count < Self.countLimit else {
        isReadable = false
        return
      }
      if encoded[position] == UInt8(ascii: "&") {
        position += 1
        continue
      }
      var entry = Entry(nameStart: text.count, nameCount: 0, valueStart: 0, valueCount: 0)
      position = decode(encoded, position, stopsAtEqualSign: true)
      entry.nameCount = text.count - entry.nameStart
      entry.valueStart = text.count
      if position < encoded.count && encoded[position] == UInt8(ascii: "=") {
        position = decode(encoded, position + 1, stopsAtEqualSign: false)
      }
      entry.valueCount = text.count - entry.valueStart
      entries.append(entry)
      position += 1
    }
    if !text.bytes.isUTF8 { isReadable = false }
  }

  /// Appends decoded text up to the end of a name or value, and says where that stands.
  private mutating func decode(_ encoded: Bytes, _ start: Int, stopsAtEqualSign: Bool) -> Int {
    var position = start
    var isReadable = true
    text.append(atMost: encoded.count - start) { target in
      var written = 0
      while position < encoded.count {
        var byte = encoded[position]
        if byte == UInt8(ascii: "&") || (stopsAtEqualSign && byte == UInt8(ascii: "=")) { break }
        position &+= 1
        if byte == UInt8(ascii: "+") {
          byte = 0x20
        } else if byte == UInt8(ascii: "%") {
          if position &+ 1 < encoded.count, let high = Hexadecimal.value(encoded[position]),
            let low = Hexadecimal.value(encoded[position &+ 1])
          {
            byte = high << 4 | low
            position &+= 2
          } else {
            isReadable = false
          }
        }
        target[written] = byte
        written &+= 1
      }
      return written
    }
    if !isReadable { self.isReadable = false }
    return position
  }
}
