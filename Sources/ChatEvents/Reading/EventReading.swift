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
  private var problemPlaces: [Int64]

  /// `problemCount`: what the headers were found guilty of.
  init(rules: EventRules, record: RecordView, problemCount: Int) {
    self.rules = rules
    self.record = record
    problemPlaces = Array(repeating: -1, count: problemCount)
  }

  /// Reads a value that is the event itself.
  mutating func readObject(
    _ text: UnsafeRawBufferPointer, _ reader: inout JSONReader, _ scratch: inout ReadingScratch,
    into event: inout ChatEvent
  ) {
    reader.read(text) { status, tokens in
      if let fault = Self.fault(status) { return report("", fault, at: 0, into: &event) }
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
      return report("\(root)", tokens[index].isNull ? .nullValue : .wrongType, at: index, into: &event)
    }
    messagePlace.root = root
    readMembers(tokens, at: index, messagePlace, into: &event)
    readMappedMembers(tokens, at: index, root: root, &scratch, into: &event)
    for member in EventMember.required where !seen.contains(member) {
      let pointer = mappedPointer(of: member, root: root) ?? "\(messagePlace.pointer)/\(member.name)"
      report(pointer, .missing, at: nil, into: &event)
    }
    applyConfiguredCaller(to: &event)
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
      // Said at the top and inside the API's own nesting as well: which one counts is not ours to guess.
      guard seen.insert(member) else {
        return report("\(place.pointer)/\(member.name)", .duplicateMember, at: position, into: &event)
      }
      if let problem = readValue(of: member, token, into: &event) {
        report("\(place.pointer)/\(member.name)", problem, at: position, into: &event)
      } else if rules.namesOrigins, !token.isNull {
        event.origins.append(MemberOrigin(member, "pointer \(place.pointer)/\(member.name)"))
      }
      searchDuplicates(tokens, in: position, place, into: &event)
    }
  }

  mutating func searchDuplicates(
    _ tokens: Tokens, in position: Int, _ place: ObjectPlace, into event: inout ChatEvent
  ) {
    guard tokens[position].isObject || tokens[position].isArray else { return }
    DuplicateSearch.search(tokens, in: position, pointer: Self.pointer(place.pointer, tokens[position])) {
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
    guard token.isObject else {
      report("\(place.pointer)/\(member.name)", .wrongType, at: index, into: &event)
      return searchDuplicates(tokens, in: index, place, into: &event)
    }
    let isMessage = member == .messageObject
    let nested = ObjectPlace(kind: isMessage ? .message : .caller, root: place.root, member: member)
    if isMessage { messagePlace = nested }
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

  /// JSON Pointer of a member of the object at `parent`.
  static func pointer(_ parent: String, _ token: csimdjson_token) -> String {
    var pointer = parent + "/"
    for scalar in String(decoding: token.keyBytes, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "~": pointer += "~0"
      case "/": pointer += "~1"
      default: pointer.unicodeScalars.append(scalar)
      }
    }
    return pointer
  }
}
