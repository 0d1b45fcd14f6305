import BridgeCore
import CSimdjson

/// Values of members: each is read into the event or named as a problem.
extension EventReading {
  /// A name that stands for a number.
  private struct Choice {
    var name: StaticString
    var number: Int64
  }

  private static let contentTypes = ContentType.all.flatMap { type in
    type.names.map { Choice(name: $0, number: type.number) }
  }
  private static let productionTypes = [
    Choice(name: "customer_service", number: 1), Choice(name: "economy_customer_service", number: 1001),
  ]
  private static let grantTypes = [Choice(name: "enterprise", number: 0), Choice(name: "isv", number: 1)]

  /// Nil if the value is all right. JSON null is no value.
  func readValue(of member: EventMember, _ token: csimdjson_token, into event: inout ChatEvent)
    -> ProblemCode?
  {
    if token.hasBadText, member != .eventID { return .notUTF8 }
    switch member {
    case .messageID: return requiredText(token, &event.message.messageID, &event.text)
    case .sid: return requiredText(token, &event.message.sid, &event.text)
    case .sessionSource: return requiredText(token, &event.message.sessionSource, &event.text)
    case .buID: return requiredText(token, &event.message.buID, &event.text)
    case .content: return content(token, into: &event)
    case .contentType: return choice(token, Self.contentTypes) { event.message.contentType = $0 }
    case .senderType: return senderType(token, into: &event)
    case .productionType: return choice(token, Self.productionTypes) { event.message.productionType = $0 }
    case .messageCreateAt: return time(token, &event.message.messageCreateAt)
    case .cmsID: return optionalText(token, &event.message.cmsID, &event.text)
    case .dingCorpID: return optionalText(token, &event.message.dingCorpID, &event.text)
    case .senderID: return optionalText(token, &event.message.senderID, &event.text)
    case .openInstanceID: return optionalText(token, &event.message.openInstanceID, &event.text)
    case .corpID: return optionalText(token, &event.message.caller.corpID, &event.text)
    case .suiteKey: return optionalText(token, &event.message.caller.suiteKey, &event.text)
    case .orgID: return number(token, &event.message.caller.orgID)
    case .isvOrgID: return number(token, &event.message.caller.isvOrgID)
    case .tokenGrantType: return choice(token, Self.grantTypes) { event.message.caller.tokenGrantType = $0 }
    case .eventID:
      takeEventID(token, into: &event)
      return nil
    case .messageObject, .callerObject, .caller: return .wrongType
    }
  }

  /// A string with something in it, or an integer, whose token becomes the text.
  private func requiredText(
    _ token: csimdjson_token, _ range: inout TextRange, _ text: inout ByteBuffer
  ) -> ProblemCode? {
    if token.isString {
      if token.text_length == 0 { return .empty }
      if TextChecks.isBlank(token.textBytes) { return .blank }
    }
    return optionalText(token, &range, &text)
  }

  /// An id that is none is passed over: it only helps to find an event again. The id of a CloudEvent goes first.
  private func takeEventID(_ token: csimdjson_token, into event: inout ChatEvent) {
    guard !event.eventID.isPresent, !token.hasBadText else { return }
    _ = requiredText(token, &event.eventID, &event.text)
  }

  private func optionalText(
    _ token: csimdjson_token, _ range: inout TextRange, _ text: inout ByteBuffer
  ) -> ProblemCode? {
    if token.isNumber {
      guard let digits = TextChecks.digits(of: token.textBytes) else { return .wrongType }
      guard digits.count <= TextChecks.idDigitLimit else { return .outOfRange }
    } else if !token.isString {
      return .wrongType
    }
    range = text.store(token.textBytes)
    return nil
  }

  private func content(_ token: csimdjson_token, into event: inout ChatEvent) -> ProblemCode? {
    guard token.isString else { return .wrongType }
    guard token.text_length > 0 else { return .empty }
    guard Int(token.text_length) <= rules.contentByteLimit else { return .tooLarge }
    event.message.content = event.text.store(token.textBytes)
    return nil
  }

  /// One of the names in any case, or its number as number or text.
  private func choice(
    _ token: csimdjson_token, _ choices: [Choice], _ set: (Int64) -> Void
  ) -> ProblemCode? {
    if token.isString, token.text_length == 0 { return .empty }
    if token.isString, let match = choices.first(where: { token.textBytes.equalsIgnoringCase($0.name) }) {
      set(match.number)
      return nil
    }
    switch integer(token) {
    case .value(let number):
      guard choices.contains(where: { $0.number == number }) else { return .notAllowed }
      set(number)
      return nil
    case .outOfRange: return .outOfRange
    case .notAnInteger: return token.isString ? .notAllowed : .wrongType
    }
  }

  /// To the API this is a text of one digit.
  private func senderType(_ token: csimdjson_token, into event: inout ChatEvent) -> ProblemCode? {
    guard token.isString || integer(token) != .notAnInteger else { return .wrongType }
    let text = token.textBytes
    if text.isEmpty { return .empty }
    if text.equals("1") || text.equalsIgnoringCase("member") {
      event.message.senderType = .member
    } else if text.equals("4") || text.equalsIgnoringCase("agent") {
      event.message.senderType = .agent
    } else {
      return .notAllowed
    }
    return nil
  }

  private func number(_ token: csimdjson_token, _ value: inout Int64?) -> ProblemCode? {
    if token.isString, token.text_length == 0 { return .empty }
    switch integer(token) {
    case .value(let number):
      value = number
      return nil
    case .outOfRange: return .outOfRange
    case .notAnInteger: return .wrongType
    }
  }

  /// An integer, or a text of digits.
  private func integer(_ token: csimdjson_token) -> TextChecks.Integer {
    if token.isNumber { return TextChecks.integer(token.textBytes) }
    return token.isString ? TextChecks.digitsOnly(token.textBytes) : .notAnInteger
  }

  /// Epoch milliseconds, or a time of RFC 3339.
  private func time(_ token: csimdjson_token, _ value: inout Int64?) -> ProblemCode? {
    if token.isString, token.text_length > 0, integer(token) == .notAnInteger {
      guard let milliseconds = TimeText.milliseconds(token.textBytes) else { return .badTime }
      value = milliseconds
      return nil
    }
    return number(token, &value)
  }

  // MARK: Caller

  /// Lays the event's caller over the configured one and drops what means nothing without an ISV's token.
  func applyConfiguredCaller(to event: inout ChatEvent) {
    let configured = rules.configuredCaller
    if rules.namesOrigins { nameConfiguredCaller(of: &event) }
    if !event.message.caller.corpID.isPresent, let corpID = rules.configuredCorpID {
      event.message.caller.corpID = corpID.withUnsafeBytes { event.text.store($0) }
    }
    if !event.message.caller.suiteKey.isPresent, let suiteKey = rules.configuredSuiteKey {
      event.message.caller.suiteKey = suiteKey.withUnsafeBytes { event.text.store($0) }
    }
    if event.message.caller.orgID == nil { event.message.caller.orgID = configured.orgID }
    if event.message.caller.tokenGrantType == nil {
      event.message.caller.tokenGrantType = configured.tokenGrantType
    }
    if event.message.caller.isvOrgID == nil { event.message.caller.isvOrgID = configured.isvOrgID }
    let hasISVMembers = event.message.caller.isvOrgID != nil || event.message.caller.suiteKey.isPresent
    if event.message.caller.tokenGrantType != 1, hasISVMembers {
      event.message.caller.isvOrgID = nil
      event.message.caller.suiteKey = .absent
      event.warnings.insert(.isvMembersDropped)
    }
  }
  private func nameConfiguredCaller(of event: inout ChatEvent) {
    let caller = event.message.caller
    let configured: [(EventMember, Bool)] = [
      (.corpID, !caller.corpID.isPresent && rules.configuredCorpID != nil),
      (.orgID, caller.orgID == nil && rules.configuredCaller.orgID != nil),
      (.tokenGrantType, caller.tokenGrantType == nil && rules.configuredCaller.tokenGrantType != nil),
      (.isvOrgID, caller.isvOrgID == nil && rules.configuredCaller.isvOrgID != nil),
      (.suiteKey, !caller.suiteKey.isPresent && rules.configuredSuiteKey != nil),
    ]
    for (member, isConfigured) in configured where isConfigured {
      event.origins.append(MemberOrigin(member, "gateway.caller"))
    }
  }
}
