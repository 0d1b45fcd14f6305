package import BridgeCore

/// The form of an outcome that is published when Kafka refused the full one: valid by the same schema, without the
/// gateway's messages, the copied headers, and all but the first problem; a long key becomes its digest.
package enum MinimalOutcome {
  /// Longer keys become their digest here.
  private static let keyByteLimit = 64

  /// Appends the minimal form of an entry that `OutcomeEncoder` wrote into `source`. Nil for any other entry, which has
  /// no minimal form.
  package static func append(
    _ entry: OutcomeEntry, from source: [UInt8], to bytes: inout [UInt8]
  ) -> OutcomeEntry? {
    source.withUnsafeBytes { source in
      var value = ValueCopy(of: slice(source, entry.value))
      do throws(NotAnOutcome) { try value.shorten() } catch { return nil }
      var minimal = entry
      if entry.key.isPresent {
        minimal.key = store(&bytes) { buffer in
          let key = slice(source, entry.key)
          if key.count <= keyByteLimit {
            buffer.append(key)
          } else {
            TextDigest(of: key).appendHexadecimal(digits: TextDigest.hexadecimalSize, to: &buffer)
          }
        }
      }
      minimal.value = store(&bytes) { buffer in value.result.withBytes { buffer.append($0) } }
      minimal.headers = store(&bytes) { buffer in
        HeaderBlock.forEach(in: slice(source, entry.headers)) { name, value in
          if OutcomeHeaders.isOwn(name) { HeaderBlock.append(name: name, value: value, to: &buffer) }
        }
      }
      return minimal
    }
  }

  private static func slice(_ source: UnsafeRawBufferPointer, _ range: TextRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: source[range.start..<range.end])
  }

  private static func store(_ bytes: inout [UInt8], _ write: (inout ByteBuffer) -> Void) -> TextRange {
    var buffer = ByteBuffer(capacity: 4_096)
    write(&buffer)
    let start = bytes.count
    buffer.withBytes { bytes.append(contentsOf: $0) }
    return TextRange(start: start, count: bytes.count - start)
  }
}

private struct NotAnOutcome: Error {}

/// Goes through a value once, from member to member. A name with its quotation marks cannot stand inside a JSON string,
/// where they are escaped: it is where the member begins.
private struct ValueCopy: ~Copyable {
  private let value: UnsafeRawBufferPointer
  private var position = 0
  private(set) var result: ByteBuffer

  init(of value: UnsafeRawBufferPointer) {
    self.value = value
    result = ByteBuffer(capacity: value.count)
  }

  mutating func shorten() throws(NotAnOutcome) {
    try copy(to: ",\"gateway\":")
    if !isNull(after: ",\"gateway\":") {
      try copy(to: ",\"message\":")
      try replace(with: ",\"message\":null", to: ",\"sub_code\":")
      try copy(to: ",\"sub_message\":")
      try replace(with: ",\"sub_message\":null", to: ",\"result_code\":")
      try copy(to: ",\"result_message\":")
      try replace(with: ",\"result_message\":null", to: ",\"data\":")
    }
    try copy(to: ",\"error\":")
    if !isNull(after: ",\"error\":") {
      try copy(to: ",\"problems\":[")
      let problems = position + ",\"problems\":[".utf8.count
      if value[problems] == UInt8(ascii: "{") {
        try copy(to: "\",\"code\":\"")
        try copy(to: "}")
        try replace(with: "}]", to: ",\"problems_total\":")
      }
    }
    result.append(UnsafeRawBufferPointer(rebasing: value[position...]))
  }

  private mutating func copy(to name: StaticString) throws(NotAnOutcome) {
    let start = position
    try skip(to: name)
    result.append(UnsafeRawBufferPointer(rebasing: value[start..<position]))
  }

  private mutating func replace(with text: StaticString, to name: StaticString) throws(NotAnOutcome) {
    result.append(text)
    try skip(to: name)
  }

  private mutating func skip(to name: StaticString) throws(NotAnOutcome) {
    let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    while position + name.count <= value.count {
      if value[position..<position + name.count].elementsEqual(name) { return }
      position += 1
    }
    throw NotAnOutcome()
  }

  private func isNull(after name: StaticString) -> Bool {
    value[position + name.utf8CodeUnitCount] == UInt8(ascii: "n")
  }
}
