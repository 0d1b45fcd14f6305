internal import CYaml

/// Why a text is no YAML that is understood here.
struct YamlFault: Error {
  var sentence: String
  var position: TextPosition
}

/// Reads one YAML document (or JSON, which is YAML in its flow form) with libyaml's events. Anchors, aliases, tags
/// and further documents are refused: a configuration says each thing once, where it stands.
enum YamlText {
  static let depthLimit = 16

  /// - Returns: the root, or `nil` for a text without any content.
  static func parse(_ bytes: [UInt8]) throws(YamlFault) -> YamlNode? {
    var events = YamlEvents(bytes)
    var root: YamlNode?
    while let event = try events.next() {
      switch event.what {
      case .documentStart where root != nil:
        throw YamlFault(sentence: "a second document; one is allowed", position: event.position)
      case .documentStart, .documentEnd:
        continue
      case .scalar, .sequenceStart, .mappingStart:
        root = try node(from: event, &events, depth: 1)
      case .sequenceEnd, .mappingEnd:
        throw YamlFault(sentence: "an end without a beginning", position: event.position)
      }
    }
    return root
  }

  private static func node(
    from event: YamlEvent, _ events: inout YamlEvents, depth: Int
  ) throws(YamlFault) -> YamlNode {
    guard depth <= depthLimit else {
      throw YamlFault(sentence: "nested more than \(depthLimit) levels deep", position: event.position)
    }
    switch event.what {
    case .scalar(let scalar):
      return YamlNode(content: .scalar(scalar), position: event.position)
    case .sequenceStart:
      var members: [YamlNode] = []
      while let member = try events.next() {
        if case .sequenceEnd = member.what { break }
        members.append(try node(from: member, &events, depth: depth + 1))
      }
      return YamlNode(content: .sequence(members), position: event.position)
    case .mappingStart:
      var entries: [YamlEntry] = []
      while let key = try events.next() {
        if case .mappingEnd = key.what { break }
        guard case .scalar(let name) = key.what else {
          throw YamlFault(sentence: "a key must be a single word", position: key.position)
        }
        guard let value = try events.next() else { break }
        entries.append(
          YamlEntry(
            name: name.text, position: key.position,
            value: try node(from: value, &events, depth: depth + 1)))
      }
      return YamlNode(content: .mapping(entries), position: event.position)
    case .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      throw YamlFault(sentence: "a value is missing", position: event.position)
    }
  }
}

private struct YamlEvent {
  enum What {
    case documentStart, documentEnd
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
    case scalar(YamlScalar)
  }
  var what: What
  var position: TextPosition
}

/// Owns libyaml's parser and the bytes it reads.
private struct YamlEvents: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>
  private var isAtEnd = false

  init(_ bytes: [UInt8]) {
    text = .allocate(capacity: bytes.count)
    _ = text.initialize(from: bytes)
    parser = .allocate(capacity: 1)
    // Fails only when memory is out, as every allocation before it.
    precondition(yaml_parser_initialize(parser) == 1, "libyaml got no memory")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, text.baseAddress, text.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    text.deallocate()
  }

  /// The next event that carries something; `nil` at the end of the text.
  mutating func next() throws(YamlFault) -> YamlEvent? {
    while !isAtEnd {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw fault() }
      defer { yaml_event_delete(&event) }
      let position = TextPosition(event.start_mark)
      switch event.type {
      case YAML_STREAM_END_EVENT:
        isAtEnd = true
      case YAML_DOCUMENT_START_EVENT:
        return YamlEvent(what: .documentStart, position: position)
      case YAML_DOCUMENT_END_EVENT:
        return YamlEvent(what: .documentEnd, position: position)
      case YAML_ALIAS_EVENT:
        throw YamlFault(
          sentence: "an alias (*name) is not allowed: write the value out", position: position)
      case YAML_SCALAR_EVENT:
        let scalar = event.data.scalar
        try refuse(anchor: scalar.anchor, tag: scalar.tag, at: position)
        let text = String(
          decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        let form: YamlScalar.Form = scalar.style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted
        return YamlEvent(what: .scalar(YamlScalar(text: text, form: form)), position: position)
      case YAML_SEQUENCE_START_EVENT:
        let start = event.data.sequence_start
        try refuse(anchor: start.anchor, tag: start.tag, at: position)
        return YamlEvent(what: .sequenceStart, position: position)
      case YAML_SEQUENCE_END_EVENT:
        return YamlEvent(what: .sequenceEnd, position: position)
      case YAML_MAPPING_START_EVENT:
        let start = event.data.mapping_start
        try refuse(anchor: start.anchor, tag: start.tag, at: position)
        return YamlEvent(what: .mappingStart, position: position)
      case YAML_MAPPING_END_EVENT:
        return YamlEvent(what: .mappingEnd, position: position)
      default:
        continue  // the stream's start, and whatever a later libyaml may add that carries no value
      }
    }
    return nil
  }

  private func refuse(
    anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?,
    at position: TextPosition
  ) throws(YamlFault) {
    if anchor != nil {
      throw YamlFault(
        sentence: "an anchor (&name) is not allowed: write the value out", position: position)
    }
    if tag != nil {
      throw YamlFault(
        sentence: "a tag (!name) is not allowed: the key decides the type", position: position)
    }
  }

  private func fault() -> YamlFault {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "unreadable"
    if parser.pointee.error == YAML_READER_ERROR {
      return YamlFault(
        sentence: "\(problem) (byte \(parser.pointee.problem_offset))",
        position: TextPosition(parser.pointee.mark))
    }
    return YamlFault(sentence: problem, position: TextPosition(parser.pointee.problem_mark))
  }
}

extension TextPosition {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: mark.line + 1, column: mark.column + 1)
  }
}
