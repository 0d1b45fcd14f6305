import BridgeCore
import Glibc

@testable import ChatEvents

/// Members of a decoded event as plain values, so that tests can compare them.
struct DecodedMembers: Equatable {
  var texts: [String: String] = [:]
  var numbers: [String: Int64] = [:]
}

/// One decoded record with its problems as `pointer code` texts.
struct Decoded {
  var problems: [String]
  var problemCount: Int
  var members: DecodedMembers
  var eventID: String
  var lane: LaneKey
  var keyDiffersFromSid: Bool
  var warnings: EventWarnings
  var copiedHeaders: [String: String]
  var expiresAt: WallTime?
  /// id, of, by.
  var redrive: [String?]
  var mayDuplicate: Bool
  /// Member → place.
  var origins: [String: String]
}

final class DecodingBench {
  private var decoder: EventDecoder
  private var event = ChatEvent()

  init(namesOrigins: Bool = false, _ change: (inout EventSettings) -> Void = { _ in }) {
    var settings = EventSettings(topic: "chat-events")
    change(&settings)
    decoder = EventDecoder(settings: settings, laneSeed: 42, namesOrigins: namesOrigins)
  }

  func decode(_ value: String, key: String? = nil, headers: [(String, String)] = []) -> Decoded {
    decode(Array(value.utf8), key: key, headers: headers)
  }

  func decode(_ value: [UInt8]?, key: String? = nil, headers: [(String, String)] = []) -> Decoded {
    event.reset()
    let keyBytes = key.map { Array($0.utf8) }
    let headerBytes = headers.map { (Array($0.0.utf8), Array($0.1.utf8)) }
    func withBytes(_ bytes: [UInt8]?, _ use: (UnsafeRawBufferPointer?) -> Void) {
      guard let bytes else { return use(nil) }
      bytes.withUnsafeBytes { use($0) }
    }
    withBytes(value) { value in
      withBytes(keyBytes) { key in
        withHeaders(headerBytes[...], []) { views in
          decoder.decode(
            RecordView(
              partition: 3, offset: 1_234, timestamp: nil, key: key, value: value, headers: views),
            into: &event)
        }
      }
    }
    return read()
  }

  private func withHeaders(
    _ rest: ArraySlice<([UInt8], [UInt8])>, _ views: [HeaderView], _ use: ([HeaderView]) -> Void
  ) {
    guard let first = rest.first else { return use(views) }
    first.0.withUnsafeBytes { name in
      first.1.withUnsafeBytes { value in
        withHeaders(rest.dropFirst(), views + [HeaderView(name: name, value: value)], use)
      }
    }
  }

  private func read() -> Decoded {
    let message = event.message
    let texts: [(String, TextRange)] = [
      ("message_id", message.messageID), ("sid", message.sid), ("session_source", message.sessionSource),
      ("content", message.content), ("bu_id", message.buID), ("cms_id", message.cmsID),
      ("ding_corp_id", message.dingCorpID), ("sender_id", message.senderID),
      ("open_instance_id", message.openInstanceID), ("corp_id", message.caller.corpID),
      ("suite_key", message.caller.suiteKey),
    ]
    let numbers: [(String, Int64?)] = [
      ("content_type", message.contentType), ("sender_type", Int64(message.senderType.rawValue)),
      ("production_type", message.productionType), ("message_create_at", message.messageCreateAt),
      ("org_id", message.caller.orgID), ("token_grant_type", message.caller.tokenGrantType),
      ("isv_org_id", message.caller.isvOrgID),
    ]
    var members = DecodedMembers()
    for (name, range) in texts where range.isPresent { members.texts[name] = string(range) }
    for (name, number) in numbers { members.numbers[name] = number }
    return Decoded(
      problems: event.problems.map { "\($0.pointer) \($0.code.rawValue)" }, problemCount: event.problemCount,
      members: members, eventID: string(event.eventID), lane: event.lane,
      keyDiffersFromSid: event.keyDiffersFromSid, warnings: event.warnings,
      copiedHeaders: Dictionary(
        event.copiedHeaders.map { (string($0.name), string($0.value)) },
        uniquingKeysWith: { first, _ in first }),
      expiresAt: event.expiresAt,
      redrive: [event.redrive.id, event.redrive.of, event.redrive.by].map { $0.isPresent ? string($0) : nil },
      mayDuplicate: event.mayDuplicate,
      origins: Dictionary(
        event.origins.map { ("\($0.member.name)", $0.place) }, uniquingKeysWith: { first, _ in first }))
  }

  private func string(_ range: TextRange) -> String {
    event.text.withBytes(of: range) { String(decoding: $0, as: UTF8.self) }
  }
}

/// A valid event as text, with members replaced, added or (nil) left out; values are JSON texts.
func eventText(_ changes: [(String, String?)] = []) -> String {
  var members: [(String, String)] = [
    ("message_id", #""m1""#), ("sid", #""s1""#), ("session_source", #""XSpace""#), ("bu_id", #""100""#),
    ("content", #""hello""#), ("content_type", "1"),
  ]
  for (name, value) in changes {
    if let index = members.firstIndex(where: { $0.0 == name }) {
      if let value { members[index].1 = value } else { members.remove(at: index) }
    } else if let value {
      members.append((name, value))
    }
  }
  return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
}

/// Processor time that this thread has used: other work on the machine does not count.
func threadNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
