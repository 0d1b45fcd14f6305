/// The two objects of a request and what they may hold, in the order in which they are checked.
enum BusinessName: UInt8, CaseIterable {
  case openPara, message
  case corpID, orgID, tokenGrantType, isvOrgID, suiteKey
  case messageID, content, sid, sessionSource, contentType, buID
  case cmsID, dingCorpID, productionType, senderID, senderType, messageCreateAt, openInstanceID

  static let openParaMembers = BusinessName.corpID.rawValue...BusinessName.suiteKey.rawValue
  static let messageMembers = BusinessName.messageID.rawValue...BusinessName.openInstanceID.rawValue
  static let requiredMembers = BusinessName.messageID.rawValue...BusinessName.buID.rawValue

  var isNumber: Bool {
    switch self {
    case .orgID, .tokenGrantType, .isvOrgID, .contentType, .productionType, .messageCreateAt: true
    case .openPara, .message, .corpID, .suiteKey, .messageID, .content, .sid, .sessionSource, .buID, .cmsID,
      .dingCorpID, .senderID, .senderType, .openInstanceID:
      false
    }
  }

  /// As it stands in the request.
  var text: StaticString {
    switch self {
    case .openPara: "ly_ding_open_para_dto"
    case .message: "ly_open_message_dto"
    case .corpID: "corp_id"
    case .orgID: "org_id"
    case .tokenGrantType: "token_grant_type"
    case .isvOrgID: "isv_org_id"
    case .suiteKey: "suite_key"
    case .messageID: "message_id"
    case .content: "content"
    case .sid: "sid"
    case .sessionSource: "session_source"
    case .contentType: "content_type"
    case .buID: "bu_id"
    case .cmsID: "cms_id"
    case .dingCorpID: "ding_corp_id"
    case .productionType: "production_type"
    case .senderID: "sender_id"
    case .senderType: "sender_type"
    case .messageCreateAt: "message_create_at"
    case .openInstanceID: "open_instance_id"
    }
  }

  /// The object that it is a member of.
  var owner: BusinessName? {
    if Self.openParaMembers.contains(rawValue) { return .openPara }
    if Self.messageMembers.contains(rawValue) { return .message }
    return nil
  }
}

/// What was found in the two objects; the views are valid until the next reading.
struct BusinessFindings {
  var refusal: Refusal?
  var sid: Bytes?
  var messageID: Bytes?
  var content: Bytes?
}

extension JSONReader {
  static let contentTypes: ClosedRange<Int64> = 1...10

  /// Nil stands for a parameter that did not come. The message is read whatever else is wrong, for the log.
  func readBusinessParameters(openPara: Bytes?, message: Bytes?) -> BusinessFindings {
    var findings = BusinessFindings()
    var openParaRefusal: Refusal? = .argumentMissing(.openPara)
    if let openPara {
      openParaRefusal = readMembers(openPara, .openPara, BusinessName.openParaMembers, &findings)
    }
    var messageRefusal: Refusal? = .argumentMissing(.message)
    if let message {
      messageRefusal = readMembers(message, .message, BusinessName.messageMembers, &findings)
    }
    if openPara != nil && message == nil {
      findings.refusal = messageRefusal
    } else {
      findings.refusal = openParaRefusal ?? messageRefusal
    }
    return findings
  }

  private func readMembers(
    _ document: Bytes, _ owner: BusinessName, _ known: ClosedRange<UInt8>, _ findings: inout BusinessFindings
  ) -> Refusal? {
    var seen: UInt32 = 0
    var invalid: BusinessName?
    let isObject = read(document) { member in
      guard let name = Self.name(member.name, known) else { return }
      // Null is as good as absent.
      if member.kind == .null { return }
      let bit = UInt32(1) << UInt32(name.rawValue)
      if seen & bit != 0 || !Self.isValid(member, name) { invalid = invalid ?? name }
      seen |= bit
      guard member.kind == .string else { return }
      switch name {
      case .sid: findings.sid = member.text
      case .messageID: findings.messageID = member.text
      case .content: findings.content = member.text
      case .openPara, .message, .corpID, .orgID, .tokenGrantType, .isvOrgID, .suiteKey, .sessionSource,
        .contentType, .buID, .cmsID, .dingCorpID, .productionType, .senderID, .senderType, .messageCreateAt,
        .openInstanceID:
        break
      }
    }
    guard isObject else { return .argumentInvalid(owner) }
    if owner == .message {
      for number in BusinessName.requiredMembers where seen & UInt32(1) << UInt32(number) == 0 {
        if let name = BusinessName(rawValue: number) { return .argumentMissing(name) }
      }
    }
    return invalid.map { .argumentInvalid($0) }
  }

  private static func name(_ text: Bytes, _ known: ClosedRange<UInt8>) -> BusinessName? {
    for number in known {
      if let name = BusinessName(rawValue: number), text.equals(name.text) { return name }
    }
    return nil
  }

  private static func isValid(_ member: JSONMember, _ name: BusinessName) -> Bool {
    if member.isDamaged { return false }
    guard name.isNumber else { return member.kind == .string }
    guard member.kind == .number, let number = member.text.decimal else { return false }
    switch name {
    case .contentType: return contentTypes.contains(number)
    case .tokenGrantType: return number <= 1
    case .orgID, .isvOrgID, .productionType, .messageCreateAt: return true
    case .openPara, .message, .corpID, .suiteKey, .messageID, .content, .sid, .sessionSource, .buID, .cmsID,
      .dingCorpID, .senderID, .senderType, .openInstanceID:
      return true
    }
  }
}
