import BridgeCore
import Testing

@testable import ChatEvents

@Suite(.serialized) struct DecodingCostTests {
  private static let caller = #""caller":{"corp_id":"dingxxx","org_id":123}"#
  private static let event =
    #"{"event_id":"e-00012345","message_id":"768572312","sid":"conversation-000123","session_source":"XSpace","bu_id":"100","content":"Hello, where is my parcel? It was to arrive on Monday, and the number is 0012345.","content_type":1,"cms_id":"testCmsId","ding_corp_id":"dingxxx","sender_id":"8003","sender_type":"member","production_type":1,"message_create_at":1577096532390,"open_instance_id":"shop001",\#(caller)}"#

  /// The same content as a platform of its own would write it.
  private static let foreignEvent =
    #"{"id":"e-00012345","message":{"id":768572312,"body":{"text":"Hello, where is my parcel? It was to arrive on Monday, and the number is 0012345.","kind":"plain"},"sent_at":"2019-12-23T10:22:12.390Z"},"conversation":{"id":"conversation-000123","shop":"shop001"},"author":{"id":"8003","role":"visitor","account":"testCmsId"},"tenant":100,"company":"dingxxx"}"#
  private static let foreignMapping = [
    ("message_id", "pointer", "/message/id"), ("sid", "pointer", "/conversation/id"),
    ("session_source", "constant", "XSpace"), ("bu_id", "pointer", "/tenant"),
    ("content", "pointer", "/message/body/text"), ("content_type", "pointer", "/message/body/kind"),
    ("message_create_at", "pointer", "/message/sent_at"), ("message_create_at", "convert", "time"),
    ("sender_type", "pointer", "/author/role"), ("sender_id", "pointer", "/author/id"),
    ("cms_id", "pointer", "/author/account"), ("open_instance_id", "pointer", "/conversation/shop"),
    ("corp_id", "pointer", "/company"), ("event_id", "pointer", "/id"),
  ]

  @Test func anEventCostsAFewMicroseconds() throws {
    var settings = EventSettings(topic: "chat-events")
    let plain = DecodingTimer(Self.event, settings)
    var mapping = Self.foreignMapping.map { MappingSetting(path: [$0.0, $0.1], text: $0.2) }
    mapping.append(MappingSetting(path: ["content_type", "values", "plain"], text: "text"))
    mapping.append(MappingSetting(path: ["sender_type", "values", "visitor"], text: "member"))
    settings.mapping = try EventMapping(mapping)
    let mapped = DecodingTimer(Self.foreignEvent, settings)
    let (own, foreign) = (plain.microsecondsPerEvent(), mapped.microsecondsPerEvent())
    print("decode and validate, \(plain.byteCount) bytes: \(own) µs")
    print("the same with 14 members mapped, \(mapped.byteCount) bytes: \(foreign) µs")
    #expect(own < 15 && foreign < 30, "far above what it takes even on a busy machine")
  }
}

private struct DecodingTimer {
  private let value: [UInt8]
  private let key = Array("conversation-000123".utf8)
  private let settings: EventSettings

  init(_ value: String, _ settings: EventSettings) {
    self.value = Array(value.utf8)
    self.settings = settings
  }

  var byteCount: Int { value.count }

  func microsecondsPerEvent() -> Double {
    var decoder = EventDecoder(settings: settings, laneSeed: 1)
    var event = ChatEvent()
    let count = 100_000
    let started = threadNanoseconds()
    for offset in 0..<count {
      event.reset()
      value.withUnsafeBytes { value in
        key.withUnsafeBytes { key in
          decoder.decode(
            RecordView(partition: 0, offset: Int64(offset), timestamp: nil, key: key, value: value),
            into: &event)
        }
      }
    }
    let spent = threadNanoseconds() - started
    precondition(event.isValid)
    return Double(spent) / Double(count) / 1_000
  }
}
