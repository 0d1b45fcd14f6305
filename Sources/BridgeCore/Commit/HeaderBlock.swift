/// Headers of one outcome in a row: name length (1 byte), name, value length (4 bytes, little-endian), value.
package enum HeaderBlock {
  /// Names are ours or the platform's copied ones; longer ones are not copied.
  package static let nameLengthLimit = 255

  package static func append(
    name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, to buffer: inout ByteBuffer
  ) {
    precondition(name.count <= nameLengthLimit, "header names are short")
    buffer.append(UInt8(name.count))
    buffer.append(name)
    withUnsafeBytes(of: UInt32(value.count).littleEndian) { buffer.append($0) }
    buffer.append(value)
  }

  /// Appends a header whose value `write` appends.
  package static func append(
    name: StaticString, to buffer: inout ByteBuffer, value write: (inout ByteBuffer) -> Void
  ) {
    buffer.append(UInt8(name.utf8CodeUnitCount))
    buffer.append(name)
    let lengthStart = buffer.count
    withUnsafeBytes(of: UInt32(0)) { buffer.append($0) }
    write(&buffer)
    let length = UInt32(buffer.count - lengthStart - 4)
    withUnsafeBytes(of: length.littleEndian) { buffer.replace(at: lengthStart, with: $0) }
  }

  /// Calls `visit` with name and value of each header in `block`.
  package static func forEach(
    in block: UnsafeRawBufferPointer, _ visit: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) {
    var position = 0
    while position < block.count {
      let nameStart = position + 1
      let nameEnd = nameStart + Int(block[position])
      let length = block.loadUnaligned(fromByteOffset: nameEnd, as: UInt32.self).littleEndian
      let valueStart = nameEnd + 4
      position = valueStart + Int(length)
      visit(.init(rebasing: block[nameStart..<nameEnd]), .init(rebasing: block[valueStart..<position]))
    }
  }
}
