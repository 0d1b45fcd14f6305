import BridgeCore

/// The headers of outcomes: short texts, so that consumers can filter without reading JSON.
struct OutcomeHeaderTexts {
  private let sourceTopic: [UInt8]
  /// `ce_source`.
  private let origin: [UInt8]
  /// `ce_type` by outcome.
  private let types: [[UInt8]]

  init(_ identity: OutcomeIdentity) {
    sourceTopic = Array(identity.sourceTopic.utf8)
    origin = Array("/lippi-bridge/\(identity.groupID)".utf8)
    types = OutcomeKind.allCases.map { Array("com.lippi-bridge.message.\($0.name).v1".utf8) }
  }

  func append(_ record: OutcomeRecord, _ limits: TextLimits, to block: inout ByteBuffer) {
    Self.append("outcome", record.resolution.kind.name, &block)
    if let error = record.resolution.error { Self.append("error_class", error.errorClass, &block) }
    if let eventID = record.eventID { Self.appendText("event_id", eventID, limits.id, &block) }
    Self.append("source_topic", sourceTopic, &block)
    Self.append("source_partition", &block) { $0.appendDecimal(Int64(record.partition)) }
    Self.append("source_offset", &block) { $0.appendDecimal(record.offset) }
    Self.append("content-type", "application/json", &block)
    Self.append("ce_specversion", "1.0", &block)
    Self.append("ce_id", &block) { value in
      value.append(sourceTopic)
      value.append(UInt8(ascii: "/"))
      value.appendDecimal(Int64(record.partition))
      value.append(UInt8(ascii: "/"))
      value.appendDecimal(record.offset)
    }
    Self.append("ce_source", origin, &block)
    Self.append("ce_type", types[Int(record.resolution.kind.rawValue)], &block)
    Self.append("ce_time", &block) { $0.appendTime(record.finishedAt) }
    if let messageID = record.messageID { Self.appendText("ce_subject", messageID, limits.id, &block) }
    appendCopies(record, limits, &block)
  }

  private func appendCopies(_ record: OutcomeRecord, _ limits: TextLimits, _ block: inout ByteBuffer) {
    var room = limits.copiedHeaders
    for (name, value) in record.copiedHeaders {
      let byteCount = name.count + value.count
      guard name.count <= HeaderBlock.nameLengthLimit, byteCount <= room else { continue }
      room -= byteCount
      HeaderBlock.append(name: name, value: value, to: &block)
    }
  }

  // MARK: Writing

  private static func append(
    _ name: StaticString, _ block: inout ByteBuffer, _ write: (inout ByteBuffer) -> Void
  ) {
    HeaderBlock.append(name: name, to: &block, value: write)
  }

  private static func append(_ name: StaticString, _ value: StaticString, _ block: inout ByteBuffer) {
    append(name, &block) { $0.append(value) }
  }

  private static func append(_ name: StaticString, _ value: [UInt8], _ block: inout ByteBuffer) {
    append(name, &block) { $0.append(value) }
  }

  /// Headers are bytes: a text that is too long is cut, one that is not UTF-8 is made so.
  private static func appendText(
    _ name: StaticString, _ text: UnsafeRawBufferPointer, _ limit: Int, _ block: inout ByteBuffer
  ) {
    append(name, &block) { value in
      if UTF8Text.isValid(text) {
        value.append(UnsafeRawBufferPointer(rebasing: text[..<UTF8Text.boundary(in: text, atMost: limit)]))
      } else {
        value.append(text: String(decoding: text.prefix(limit / 3), as: UTF8.self))
      }
    }
  }
}
