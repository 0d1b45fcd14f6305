package import BridgeCore
import CSimdjson

/// Turns records into chat events: reads the JSON, checks every rule and names every problem at once. One per thread;
/// a valid event costs no heap traffic once the buffers have grown.
package struct EventDecoder: ~Copyable {
  /// How deep the JSON of an event may nest.
  package static let depthLimit: UInt32 = 32
  static let registryPrefixByteCount = 5

  let settings: EventSettings
  let laneHash: LaneHash
  private let headers: RecordHeaders
  private let rules: EventRules
  private var reader = JSONReader(depthLimit: EventDecoder.depthLimit)
  private var scratch = ReadingScratch()

  /// `laneSeed`: random, new in every process. `namesOrigins`: events say where each member came from.
  package init(settings: EventSettings, laneSeed: UInt64, namesOrigins: Bool = false) {
    self.settings = settings
    headers = RecordHeaders(copiedNames: settings.copiedHeaderNames)
    rules = EventRules(settings, namesOrigins: namesOrigins)
    laneHash = LaneHash(seed: laneSeed)
  }

  /// Decodes a record into `event`, which has been reset.
  package mutating func decode(_ record: RecordView, into event: inout ChatEvent) {
    if let key = record.key { event.key = event.text.store(key) }
    let facts = record.headers.isEmpty ? HeaderFacts() : headers.read(record.headers, into: &event)
    decodeValue(record, facts, into: &event)
    if !event.eventID.isPresent { makeUpEventID(record, into: &event) }
    chooseLane(record, of: &event)
  }

  private mutating func decodeValue(_ record: RecordView, _ facts: HeaderFacts, into event: inout ChatEvent) {
    guard let value = record.value else { return event.report("", .nullValue) }
    guard value.count > 0 else { return event.report("", .empty) }
    guard value.count <= settings.valueByteLimit else { return event.report("", .tooLarge) }
    guard facts.form != .unsupported, let text = Self.jsonText(of: value) else {
      return event.report("", .unsupportedEncoding)
    }
    var reading = EventReading(rules: rules, record: record)
    switch facts.form {
    case .object, .unsupported: reading.readObject(text, facts, &reader, &scratch, into: &event)
    case .cloudEvent: reading.readCloudEvent(text, &reader, &scratch, into: &event)
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

  /// The event that a redriven record repeats, else the record's coordinates.
  private func makeUpEventID(_ record: RecordView, into event: inout ChatEvent) {
    guard event.redrive.of.count == 0 else {
      event.eventID = event.redrive.of
      return
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
