import BridgeCore
import CSimdjson

/// One event being read: walks the tokens in document order, so that problems come in that order.
struct EventReading {
  typealias Tokens = UnsafeBufferPointer<csimdjson_token>

  let rules: EventRules
  private var seen = MemberSet()
  /// Where a missing member of the message belongs.
  private var messagePointer = ""

  init(rules: EventRules) { self.rules = rules }

  mutating func read(_ tokens: Tokens, into event: inout ChatEvent) {
    guard tokens[0].isObject else { return event.report("", tokens[0].isNull ? .nullValue : .wrongType) }
    readObject(tokens, at: 0, .event, pointer: "", into: &event)
    for member in EventMember.required where !seen.contains(member) {
      event.report("\(messagePointer)/\(member.name)", .missing)
    }
    applyConfiguredCaller(to: &event)
  }

  /// Reads the members of the object at `index`.
  private mutating func readObject(
    _ tokens: Tokens, at index: Int, _ place: EventMember.Place, pointer: String, into event: inout ChatEvent
  ) {
    var duplicates = DuplicateSearch(objectAt: index)
    let end = Int(tokens[index].end)
    var position = index + 1
    while position < end {
      let token = tokens[position]
      let isDuplicate = duplicates.isDuplicate(tokens, at: position)
      if isDuplicate { event.report(Self.pointer(pointer, token), .duplicateMember) }
      if !isDuplicate, !token.hasBadKey, let member = names(of: place).member(named: token.keyBytes) {
        readMember(member, tokens, at: position, pointer: pointer, into: &event)
      } else {
        searchDuplicates(tokens, in: position, pointer: pointer, into: &event)
      }
      position = Int(token.end)
    }
  }

  private mutating func readMember(
    _ member: EventMember, _ tokens: Tokens, at position: Int, pointer: String, into event: inout ChatEvent
  ) {
    switch member {
    case .messageObject, .callerObject, .caller:
      readNested(tokens, at: position, member, pointer: pointer, into: &event)
    case .messageID, .sid, .sessionSource, .buID, .content, .contentType, .senderType, .productionType,
      .messageCreateAt, .cmsID, .dingCorpID, .senderID, .openInstanceID, .eventID, .corpID, .orgID,
      .tokenGrantType, .isvOrgID, .suiteKey:
      let token = tokens[position]
      // Said at the top and inside the API's own nesting as well: which one counts is not ours to guess.
      guard seen.insert(member) else {
        return event.report(Self.pointer(pointer, token), .duplicateMember)
      }
      if let problem = readValue(of: member, token, into: &event) {
        event.report(Self.pointer(pointer, token), problem)
      }
      searchDuplicates(tokens, in: position, pointer: pointer, into: &event)
    }
  }

  private func searchDuplicates(
    _ tokens: Tokens, in position: Int, pointer: String, into event: inout ChatEvent
  ) {
    guard tokens[position].isObject || tokens[position].isArray else { return }
    DuplicateSearch.search(tokens, in: position, pointer: Self.pointer(pointer, tokens[position])) {
      event.report($0, .duplicateMember)
    }
  }

  private func names(of place: EventMember.Place) -> MemberNames {
    switch place {
    case .event: rules.eventNames
    case .message: rules.messageNames
    case .caller: rules.callerNames
    }
  }

  private mutating func readNested(
    _ tokens: Tokens, at index: Int, _ member: EventMember, pointer: String, into event: inout ChatEvent
  ) {
    let token = tokens[index]
    guard !token.isNull else { return }
    guard token.isObject else {
      event.report(Self.pointer(pointer, token), .wrongType)
      return searchDuplicates(tokens, in: index, pointer: pointer, into: &event)
    }
    let nested = Self.pointer(pointer, token)
    if member == .messageObject {
      messagePointer = nested
      readObject(tokens, at: index, .message, pointer: nested, into: &event)
    } else {
      readObject(tokens, at: index, .caller, pointer: nested, into: &event)
    }
  }

  /// JSON Pointer of a member of the object at `parent`.
  static func pointer(_ parent: String, _ token: csimdjson_token) -> String {
    var pointer = parent + "/"
    for byte in String(decoding: token.keyBytes, as: UTF8.self).unicodeScalars {
      switch byte {
      case "~": pointer += "~0"
      case "/": pointer += "~1"
      default: pointer.unicodeScalars.append(byte)
      }
    }
    return pointer
  }
}
