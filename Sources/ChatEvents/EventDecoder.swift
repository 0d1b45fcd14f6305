package import BridgeCore
import CSimdjson

/// Turns records into chat events: reads the JSON, checks every rule and names every problem at once. One per thread;
/// a valid event costs no heap traffic once the buffers have grown.
package struct EventDecoder: ~Copyable {
  /// How deep the JSON of an event may nest.
  package static let depthLimit: UInt32 = 32
  /// Longer header values are not copied to outcomes.
  package static let copiedHeaderByteLimit = 1_024
  static let registryPrefixByteCount = 5

  let settings: EventSettings
  let copiedHeaderNames: [[UInt8]]
  let laneHash: LaneHash
  private let rules: EventRules
  private var reader = JSONReader(depthLimit: EventDecoder.depthLimit)

  /// `laneSeed`: random, new in every process.
  package init(settings: EventSettings, laneSeed: UInt64) {
    self.settings = settings
    copiedHeaderNames = (["traceparent", "tracestate"] + settings.copiedHeaderNames).map { Array($0.utf8) }
    rules = EventRules(settings)
    laneHash = LaneHash(seed: laneSeed)
  }

  /// Decodes a record into `event`, which has been reset.
  package mutating func decode(_ record: RecordView, into event: inout ChatEvent) {
    if let key = record.key { event.key = event.text.store(key) }
    if !record.headers.isEmpty { copyHeaders(record, into: &event) }
    decodeValue(record, into: &event)
    if !event.eventID.isPresent { makeUpEventID(record, into: &event) }
    chooseLane(record, of: &event)
  }

  private mutating func decodeValue(_ record: RecordView, into event: inout ChatEvent) {
    guard let value = record.value else { return event.report("", .nullValue) }
    guard value.count > 0 else { return event.report("", .empty) }
    guard value.count <= settings.valueByteLimit else { return event.report("", .tooLarge) }
    guard let text = Self.jsonText(of: value) else { return event.report("", .unsupportedEncoding) }
    var reading = EventReading(rules: rules)
    reader.read(text) { status, tokens in
      switch status {
      case CSIMDJSON_OK: reading.read(tokens, into: &event)
      case CSIMDJSON_NOT_UTF8: event.report("", .notUTF8)
      case CSIMDJSON_TOO_DEEP: event.report("", .tooDeep)
      default: event.report("", .notJSON)
      }
    }
  }

  /// The JSON of a value, behind a Schema Registry prefix (0x00 and four bytes) if there is one; nil if the prefix
  /// stands before something else: Avro or Protobuf.
  private static func jsonText(of value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard value[0] == 0 else { return value }
    guard value.count > registryPrefixByteCount, value[registryPrefixByteCount] == UInt8(ascii: "{") else {
      return nil
    }
    return UnsafeRawBufferPointer(rebasing: value[registryPrefixByteCount...])
  }

  private func copyHeaders(_ record: RecordView, into event: inout ChatEvent) {
    for header in record.headers {
      guard let value = header.value, value.count <= Self.copiedHeaderByteLimit else { continue }
      let isCopied = copiedHeaderNames.contains { name in name.withUnsafeBytes { header.name.equals($0) } }
      if isCopied {
        event.copiedHeaders.append(
          CopiedHeader(name: event.text.store(header.name), value: event.text.store(value)))
      }
    }
  }

  private func makeUpEventID(_ record: RecordView, into event: inout ChatEvent) {
    for header in record.headers where header.name.equals("lippi-redrive-of") {
      if let value = header.value, value.count > 0, value.count <= Self.copiedHeaderByteLimit {
        event.eventID = event.text.store(value)
        return
      }
    }
    let start = event.text.count
    event.text.append(text: settings.topic)
    event.text.append(UInt8(ascii: "/"))
    event.text.appendDecimal(Int64(record.partition))
    event.text.append(UInt8(ascii: "/"))
    event.text.appendDecimal(record.offset)
    event.eventID = TextRange(start: start, count: event.text.count - start)
  }

  /// sid, else the key, else the record alone.
  private func chooseLane(_ record: RecordView, of event: inout ChatEvent) {
    if event.message.sid.isPresent {
      let (lane, isKeyOther) = event.text.withBytes(of: event.message.sid) { sid in
        (laneHash.lane(of: sid), record.key.map { !$0.equals(sid) } ?? false)
      }
      event.lane = lane
      event.keyDiffersFromSid = isKeyOther
    } else if let key = record.key {
      event.lane = laneHash.lane(of: key)
    } else {
      event.lane = laneHash.lane(ofRecordAt: record.offset)
    }
  }
}

extension ChatEvent {
  /// At most one problem per pointer.
  mutating func report(_ pointer: String, _ code: ProblemCode) {
    guard !problems.contains(where: { $0.pointer == pointer }) else { return }
    problemCount += 1
    if problems.count < EventProblem.listLimit { problems.append(EventProblem(pointer: pointer, code: code)) }
  }
}
