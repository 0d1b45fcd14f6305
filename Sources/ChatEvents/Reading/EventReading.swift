import BridgeCore
import CSimdjson

/// One event being read: walks the tokens in document order, so that problems come in that order.
struct EventReading {
  typealias Tokens = UnsafeBufferPointer<csimdjson_token>

  let rules: EventRules
  let record: RecordView
  var seen = MemberSet()
  /// The CloudEvent around the event's object.
  var envelope: Tokens?
  /// Where the text in `data_base64` stands in the CloudEvent, while that text is read.
  var encodedDataPosition: Int?
  /// Where a missing member of the message belongs.
  private var messagePlace = ObjectPlace(kind: .event, root: "", member: nil)
  /// Required members that are null, unless they are said somewhere else as well.
  private var nulls: [(member: EventMember, pointer: String, position: Int)] = []
  /// Of the problems listed so far.
  private var problemPlaces: [Int64] = []

  init(rules: EventRules, record: RecordView) {
    self.rules = rules
    self.record = record
  }

  /// Reads a value that is the event itself. The headers are those of a CloudEvent in binary mode, or say nothing.
  mutating func readObject(
    _ text: UnsafeRawBufferPointer, _ headers: HeaderFacts, _ reader: inout JSONReader,
    _ scratch: inout ReadingScratch, into event: inout ChatEvent
  ) {
    event.eventID = headers.id
    reader.read(text) { status, tokens in
      if let fault = Self.fault(status) { return report("", fault, at: 0, into: &event) }
      switch headers.expiry {
      case .never: break
      case .at(let time): event.expiresAt = time
      case .unreadable: report("/expirytime", .badTime, at: -1, into: &event)
      }
      readEvent(tokens, at: 0, root: "", &scratch, into: &event)
    }
  }

  /// Why a text has no tokens.
  static func fault(_ status: csimdjson_status) -> ProblemCode? {
    switch status {
    case CSIMDJSON_OK: nil
    case CSIMDJSON_NOT_UTF8: .notUTF8
    case CSIMDJSON_TOO_DEEP: .tooDeep
    default: .notJSON
    }
  }

  /// Reads the event whose object is at `index`; `root` is its pointer.
  mutating func readEvent(
    _ tokens: Tokens, at index: Int, root: StaticString, _ scratch: inout ReadingScratch,
    into event: inout ChatEvent
  ) {
    guard tokens[index].isObject else {
      report("\(root)", tokens[index].isNull ? .nullValue : .wrongType, at: index, into: &event)
      return searchDuplicates(tokens, in: index, pointer: "\(root)", into: &event)
    }
    messagePlace.root = root
    readMembers(tokens, at: index, messagePlace, into: &event)
    readMappedMembers(tokens, at: index, root: root, &scratch, into: &event)
    for member in EventMember.required where !seen.contains(member) {
      reportAbsence(of: member, root: root, into: &event)
    }
    applyConfiguredCaller(to: &event)
  }

  private mutating func reportAbsence(
    of member: EventMember, root: StaticString, into event: inout ChatEvent
  ) {
    if let null = nulls.first(where: { $0.member == member }) {
      return report(null.pointer, .nullValue, at: null.position, into: &event)
    }
    let pointer = mappedPointer(of: member, root: root) ?? "\(messagePlace.pointer)/\(member.name)"
    report(pointer, .missing, at: nil, into: &event)
  }

  /// Reads the members of the object at `index`.
  private mutating func readMembers(
    _ tokens: Tokens, at index: Int, _ place: ObjectPlace, into event: inout ChatEvent
  ) {
    var duplicates = DuplicateSearch(objectAt: index)
    let end = Int(tokens[index].end)
    var position = index + 1
    while position < end {
      let token = tokens[position]
      let isDuplicate = duplicates.isDuplicate(tokens, at: position)
      if isDuplicate {
        report(Self.pointer(place.pointer, token), .duplicateMember, at: position, into: &event)
      }
      if !isDuplicate, !token.hasBadKey, let member = names(of: place.kind).member(named: token.keyBytes) {
        readMember(member, tokens, at: position, place, into: &event)
      } else {
        searchDuplicates(tokens, in: position, place, into: &event)
      }
      position = Int(token.end)
    }
  }

  private mutating func readMember(
    _ member: EventMember, _ tokens: Tokens, at position: Int, _ place: ObjectPlace,
    into event: inout ChatEvent
  ) {
    switch member {
    case .messageObject, .callerObject, .caller:
      readNested(tokens, at: position, member, place, into: &event)
    case .messageID, .sid, .sessionSource, .buID, .content, .contentType, .senderType, .productionType,
      .messageCreateAt, .cmsID, .dingCorpID, .senderID, .openInstanceID, .eventID, .corpID, .orgID,
      .tokenGrantType, .isvOrgID, .suiteKey:
      let token = tokens[position]
      guard !token.isNull else { return takeNull(member, at: position, place) }
      // Said at the top and inside the API's own nesting as well: which one counts is not ours to guess.
      guard seen.insert(member) else {
        report("\(place.pointer)/\(member.name)", .duplicateMember, at: position, into: &event)
        return searchDuplicates(tokens, in: position, place, into: &event)
      }
      if let problem = readValue(of: member, token, into: &event) {
        report("\(place.pointer)/\(member.name)", problem, at: position, into: &event)
      } else if rules.namesOrigins {
        event.origins.append(MemberOrigin(member, "pointer \(place.pointer)/\(member.name)"))
      }
      searchDuplicates(tokens, in: position, place, into: &event)
    }
  }

  /// JSON null is as if the member were not there.
  private mutating func takeNull(_ member: EventMember, at position: Int, _ place: ObjectPlace) {
    guard EventMember.required.contains(member) else { return }
    let null = (member: member, pointer: "\(place.pointer)/\(member.name)", position: position)
    // With two of them the problem stands at the top.
    if place.member == nil { nulls.insert(null, at: 0) } else { nulls.append(null) }
  }

  /// In the value of a member of the object at `place`.
  mutating func searchDuplicates(
    _ tokens: Tokens, in position: Int, _ place: ObjectPlace, into event: inout ChatEvent
  ) {
    guard tokens[position].isObject || tokens[position].isArray else { return }
    searchDuplicates(
      tokens, in: position, pointer: Self.pointer(place.pointer, tokens[position]), into: &event)
  }

  /// In the value at `pointer`.
  mutating func searchDuplicates(
    _ tokens: Tokens, in position: Int, pointer: String, into event: inout ChatEvent
  ) {
    guard tokens[position].isObject || tokens[position].isArray else { return }
    DuplicateSearch.search(tokens, in: position, pointer: pointer) {
      report($0, .duplicateMember, at: $1, into: &event)
    }
  }

  private func names(of kind: ObjectPlace.Kind) -> MemberNames {
    switch kind {
    case .event: rules.eventNames
    case .message: rules.messageNames
    case .caller: rules.callerNames
    }
  }

  private mutating func readNested(
    _ tokens: Tokens, at index: Int, _ member: EventMember, _ place: ObjectPlace, into event: inout ChatEvent
  ) {
    let token = tokens[index]
    guard !token.isNull else { return }
    let isMessage = member == .messageObject
    let nested = ObjectPlace(kind: isMessage ? .message : .caller, root: place.root, member: member)
    if isMessage { messagePlace = nested }
    guard token.isObject else {
      report(nested.pointer, .wrongType, at: index, into: &event)
      return searchDuplicates(tokens, in: index, place, into: &event)
    }
    readMembers(tokens, at: index, nested, into: &event)
  }

  // MARK: Problems

  /// Keeps problems in document order although mapped members are read after the walk. `position`: of the token, -1 for
  /// what stands before the value, nil for what is missing.
  mutating func report(_ pointer: String, _ code: ProblemCode, at position: Int?, into event: inout ChatEvent)
  {
    let place = documentPlace(of: position)
    if let other = event.problems.firstIndex(where: { $0.pointer == pointer }) {
      guard place < problemPlaces[other] else { return }
      event.problems.remove(at: other)
      problemPlaces.remove(at: other)
      event.problemCount -= 1
    }
    event.problemCount += 1
    let index = problemPlaces.firstIndex { $0 > place } ?? problemPlaces.count
    guard index < EventProblem.listLimit else { return }
    event.problems.insert(EventProblem(pointer: pointer, code: code), at: index)
    problemPlaces.insert(place, at: index)
    if problemPlaces.count > EventProblem.listLimit {
      event.problems.removeLast()
      problemPlaces.removeLast()
    }
  }

  /// A number that grows with the place in the record, through `data_base64` as well.
  private func documentPlace(of position: Int?) -> Int64 {
    guard let position else { return .max }
    guard position >= 0 else { return -1 }
    guard let outer = encodedDataPosition else { return Int64(position) << 32 }
    return Int64(outer) << 32 | Int64(position + 1)
  }

  /// JSON Pointer of a member of the object at `parent`; half a surrogate pair in its name is U+FFFD.
  static func pointer(_ parent: String, _ token: csimdjson_token) -> String {
    var pointer = parent + "/"
    var name = Array(token.keyBytes)
    if token.hasBadKey { replaceHalves(in: &name) }
    for scalar in String(decoding: name, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "~": pointer += "~0"
      case "/": pointer += "~1"
      default: pointer.unicodeScalars.append(scalar)
      }
    }
    return pointer
  }

  /// A half is as long as its replacement: three bytes, of which only a half begins with ED A0 to ED BF.
  private static func replaceHalves(in name: inout [UInt8]) {
    for index in name.indices.dropLast(2) where name[index] == 0xED && name[index + 1] >= 0xA0 {
      name.replaceSubrange(index...index + 2, with: [0xEF, 0xBF, 0xBD])
    }
  }
}
