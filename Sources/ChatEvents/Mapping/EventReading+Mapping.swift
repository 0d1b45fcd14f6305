import BridgeCore
import CSimdjson

/// Members that the configuration finds elsewhere: each is looked up, converted and then checked like any other.
extension EventReading {
  /// A value on its way to a member.
  private struct Found {
    var token: csimdjson_token
    /// In the tokens that are read; -1 for what is no part of them.
    var position = -1
  }

  mutating func readMappedMembers(
    _ tokens: Tokens, at index: Int, root: StaticString, _ scratch: inout ReadingScratch,
    into event: inout ChatEvent
  ) {
    for entry in rules.mapping.entries {
      readMapped(entry, tokens, at: index, root: root, &scratch, into: &event)
    }
  }

  /// Where a mapped member is looked for: what a problem of it names. Nil if it is not mapped.
  func mappedPointer(of member: EventMember, root: StaticString) -> String? {
    guard let entry = rules.mapping.entries.first(where: { $0.member == member }) else { return nil }
    return pointer(of: entry, root: root)
  }

  private func pointer(of entry: MappedMember, root: StaticString) -> String {
    switch entry.source {
    case .pointer(let pointer): "\(root)\(pointer.text)"
    case .header, .key, .attribute, .constant, .nothing: "\(root)/\(entry.member.name)"
    }
  }

  private mutating func readMapped(
    _ entry: MappedMember, _ tokens: Tokens, at index: Int, root: StaticString,
    _ scratch: inout ReadingScratch, into event: inout ChatEvent
  ) {
    scratch.text.removeAll()
    let found = find(entry.source, tokens, at: index)
    if let found, !found.token.isNull {
      _ = seen.insert(entry.member)
      switch convert(found.token, entry, tokens, at: found.position, &scratch) {
      case .failure(let problem):
        report(pointer(of: entry, root: root), problem.code, at: found.position, into: &event)
      case .success(let converted):
        let problem = scratch.text.withBytes { made in
          readValue(of: entry.member, converted.token(made), into: &event)
        }
        if let problem {
          report(pointer(of: entry, root: root), problem, at: found.position, into: &event)
        } else if rules.namesOrigins {
          event.origins.append(MemberOrigin(entry.member, place(of: entry.source, root: root)))
        }
      }
    } else if let standard = entry.standard {
      _ = seen.insert(entry.member)
      standard.bytes.withUnsafeBytes { bytes in
        // The configuration was refused if this could be a problem.
        _ = readValue(of: entry.member, .string(bytes), into: &event)
      }
      if rules.namesOrigins { event.origins.append(MemberOrigin(entry.member, "mapping default")) }
    } else if found != nil, EventMember.required.contains(entry.member) {
      _ = seen.insert(entry.member)
      report(pointer(of: entry, root: root), .nullValue, at: found?.position, into: &event)
    }
  }

  private func place(of source: MappedSource, root: StaticString) -> String {
    switch source {
    case .pointer(let pointer): "pointer \(root)\(pointer.text)"
    case .header(let name): "header \(name.string)"
    case .key: "key"
    case .attribute(let name): "attribute \(name.string)"
    case .constant: "constant"
    case .nothing: "nothing"
    }
  }

  // MARK: Sources

  private func find(_ source: MappedSource, _ tokens: Tokens, at index: Int) -> Found? {
    switch source {
    case .pointer(let pointer):
      guard let position = locate(pointer, tokens, from: index) else { return nil }
      return Found(token: tokens[position], position: position)
    case .header(let name): return header(named: name.bytes)
    case .key: return record.key.map { Found(token: .string($0)) }
    case .attribute(let name): return attribute(named: name.bytes)
    case .constant(let text):
      // The array lives as long as the rules do.
      return text.bytes.withUnsafeBytes { Found(token: .string($0)) }
    case .nothing: return nil
    }
  }

  private func locate(_ pointer: MappedPointer, _ tokens: Tokens, from index: Int) -> Int? {
    var position = index
    for step in pointer.steps {
      guard let next = child(of: tokens, at: position, step) else { return nil }
      position = next
    }
    return position
  }

  private func child(of tokens: Tokens, at index: Int, _ step: MappedPointer.Step) -> Int? {
    let end = Int(tokens[index].end)
    var position = index + 1
    if tokens[index].isObject {
      return step.name.withUnsafeBytes { name in
        while position < end {
          if tokens[position].keyBytes.equals(name), !tokens[position].hasBadKey { return position }
          position = Int(tokens[position].end)
        }
        return nil
      }
    }
    guard tokens[index].isArray, var skipped = step.index else { return nil }
    while position < end {
      if skipped == 0 { return position }
      skipped -= 1
      position = Int(tokens[position].end)
    }
    return nil
  }

  private func header(named name: [UInt8]) -> Found? {
    name.withUnsafeBytes { name in
      lastHeader { $0.equalsIgnoringCase(name) }
    }
  }

  private func attribute(named name: [UInt8]) -> Found? {
    if let envelope {
      let step = MappedPointer.Step(name: name, index: nil)
      return child(of: envelope, at: 0, step).map { Found(token: envelope[$0]) }
    }
    return name.withUnsafeBytes { name in
      lastHeader { header in
        header.hasPrefixIgnoringCase("ce_")
          && UnsafeRawBufferPointer(rebasing: header[3...]).equalsIgnoringCase(name)
      }
    }
  }

  private func lastHeader(_ isWanted: (UnsafeRawBufferPointer) -> Bool) -> Found? {
    record.headers.last { $0.value != nil && isWanted($0.name) }?.value.map { Found(token: .string($0)) }
  }
}

extension csimdjson_token {
  /// Bytes from outside the JSON; what is no UTF-8 is marked as the parser would.
  static func string(_ bytes: UnsafeRawBufferPointer) -> csimdjson_token {
    var token = csimdjson_token()
    token.kind = UInt8(CSIMDJSON_STRING.rawValue)
    token.text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    token.text_length = UInt32(bytes.count)
    if csimdjson_is_utf8(bytes.baseAddress, bytes.count) == 0 { token.flags = UInt8(CSIMDJSON_BAD_TEXT) }
    return token
  }
}
