/// The members of an event that mean something. The order of the required ones is the order in which missing ones
/// are reported.
package enum EventMember: UInt8, Sendable, CaseIterable {
  case messageID, sid, sessionSource, buID, content, contentType
  case senderType, productionType, messageCreateAt
  case cmsID, dingCorpID, senderID, openInstanceID
  case caller, eventID
  /// The API's own nesting.
  case messageObject, callerObject
  case corpID, orgID, tokenGrantType, isvOrgID, suiteKey

  static let required: [EventMember] = [.messageID, .sid, .sessionSource, .buID, .content, .contentType]

  package var name: StaticString {
    switch self {
    case .messageID: "message_id"
    case .sid: "sid"
    case .sessionSource: "session_source"
    case .buID: "bu_id"
    case .content: "content"
    case .contentType: "content_type"
    case .senderType: "sender_type"
    case .productionType: "production_type"
    case .messageCreateAt: "message_create_at"
    case .cmsID: "cms_id"
    case .dingCorpID: "ding_corp_id"
    case .senderID: "sender_id"
    case .openInstanceID: "open_instance_id"
    case .caller: "caller"
    case .eventID: "event_id"
    case .messageObject: "ly_open_message_dto"
    case .callerObject: "ly_ding_open_para_dto"
    case .corpID: "corp_id"
    case .orgID: "org_id"
    case .tokenGrantType: "token_grant_type"
    case .isvOrgID: "isv_org_id"
    case .suiteKey: "suite_key"
    }
  }
}

/// An object whose members mean something, and the way to it.
struct ObjectPlace {
  enum Kind {
    case event, message, caller

    var members: [EventMember] {
      switch self {
      case .event: EventMember.allCases.filter { $0.rawValue <= EventMember.callerObject.rawValue }
      case .message: EventMember.allCases.filter { $0.rawValue <= EventMember.openInstanceID.rawValue }
      case .caller: [.corpID, .orgID, .tokenGrantType, .isvOrgID, .suiteKey]
      }
    }
  }

  var kind: Kind
  /// Where the event's object stands in the value: "", or a member of the CloudEvent.
  var root: StaticString
  /// Of the event's object, if it is not that itself.
  var member: EventMember?

  /// JSON Pointer; made only to name a problem.
  var pointer: String { member.map { "\(root)/\($0.name)" } ?? "\(root)" }
}

/// Finds the member that a name means, in one place.
struct MemberNames: Sendable {
  /// Bits of the members whose name has this length. An array's references would be counted at every look.
  private var byLength = InlineArray<22, UInt32>(repeating: 0)

  init(_ kind: ObjectPlace.Kind, without mapped: Set<EventMember>) {
    for member in kind.members where !mapped.contains(member) {
      byLength[member.name.utf8CodeUnitCount] |= 1 << UInt32(member.rawValue)
    }
  }

  func member(named name: UnsafeRawBufferPointer) -> EventMember? {
    guard name.count < byLength.count else { return nil }
    var candidates = byLength[name.count]
    while candidates != 0 {
      if let candidate = EventMember(rawValue: UInt8(truncatingIfNeeded: candidates.trailingZeroBitCount)),
        name.equals(candidate.name)
      {
        return candidate
      }
      candidates &= candidates &- 1
    }
    return nil
  }
}

/// A set of members, for duplicates and missing ones.
struct MemberSet {
  private var bits: UInt32 = 0

  /// False if it is in there already.
  mutating func insert(_ member: EventMember) -> Bool {
    let bit = UInt32(1) << UInt32(member.rawValue)
    defer { bits |= bit }
    return bits & bit == 0
  }

  func contains(_ member: EventMember) -> Bool { bits & (1 << UInt32(member.rawValue)) != 0 }
}
