import BridgeCore

/// The headers, as a `HeaderBlock` without `bridge_batch`.
extension OutcomeEncoder {
  mutating func appendHeaders(_ record: OutcomeRecord) {
    let kind = record.resolution.kind.name
    headers.append(fragments.headers)
    appendHeader("outcome", kind)
    if let error = record.resolution.error { appendHeader("error_class", error.errorClass.name) }
    appendHeader("source_partition") { $0.appendDecimal(Int64(record.partition)) }
    appendHeader("source_offset") { $0.appendDecimal(record.offset) }
    let topic = fragments.topic
    appendHeader("ce_id") { buffer in
      buffer.append(topic)
      buffer.append(UInt8(ascii: "/"))
      buffer.appendDecimal(Int64(record.partition))
      buffer.append(UInt8(ascii: "/"))
      buffer.appendDecimal(record.offset)
    }
    appendHeader("ce_type") { buffer in
      buffer.append("com.lippi-bridge.message.")
      buffer.append(kind)
      buffer.append(".v1")
    }
    appendHeader("ce_time") { $0.appendTime(record.finishedAt) }
    let cut = limits.identifier
    if let eventID = record.eventID { appendHeader("event_id") { cut.append(eventID, to: &$0) } }
    // CloudEvents wants a subject that is not empty, or none.
    if let messageID = record.messageID, messageID.count > 0 {
      appendHeader("ce_subject") { cut.append(messageID, to: &$0) }
    }
    appendCopies(record)
  }

  /// Copied headers pass byte for byte, as far as there is room.
  private mutating func appendCopies(_ record: OutcomeRecord) {
    guard !record.copiedHeaders.isEmpty else { return }
    var room = limits.copiedHeaderBytes
    for (name, text) in record.copiedHeaders {
      let size = 1 + name.count + 4 + text.count
      guard size <= room, name.count > 0, name.count <= HeaderBlock.nameLengthLimit,
        !OutcomeHeaders.isOwn(name)
      else { continue }
      HeaderBlock.append(name: name, value: text, to: &headers)
      room -= size
    }
  }

  private mutating func appendHeader(_ name: StaticString, _ text: StaticString) {
    appendHeader(name) { $0.append(text) }
  }

  /// The value's length is known when it stands there.
  @inline(__always)
  private mutating func appendHeader(_ name: StaticString, _ write: (inout ByteBuffer) -> Void) {
    headers.append(UInt8(name.utf8CodeUnitCount))
    headers.append(name)
    let lengthPosition = headers.count
    withUnsafeBytes(of: UInt32(0)) { headers.append($0) }
    write(&headers)
    let length = UInt32(headers.count - lengthPosition - 4).littleEndian
    withUnsafeBytes(of: length) { headers.replace(at: lengthPosition, with: $0) }
  }
}
