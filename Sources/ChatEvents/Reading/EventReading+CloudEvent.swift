import BridgeCore
import CSimdjson

/// CloudEvents 1.0 in structured mode, JSON format: attributes and data in one object.
extension EventReading {
  private static let envelopePlace = ObjectPlace(kind: .event, root: "", member: nil)

  mutating func readCloudEvent(
    _ text: UnsafeRawBufferPointer, _ reader: inout JSONReader, _ scratch: inout ReadingScratch,
    into event: inout ChatEvent
  ) {
    reader.read(text) { status, tokens in
      if let fault = Self.fault(status) { return report("", fault, at: 0, into: &event) }
      guard tokens[0].isObject else {
        report("", tokens[0].isNull ? .nullValue : .wrongType, at: 0, into: &event)
        return searchDuplicates(tokens, in: 0, pointer: "", into: &event)
      }
      envelope = tokens
      readEnvelope(tokens, &scratch, into: &event)
    }
  }

  private mutating func readEnvelope(
    _ tokens: Tokens, _ scratch: inout ReadingScratch, into event: inout ChatEvent
  ) {
    var duplicates = DuplicateSearch(objectAt: 0)
    var nullDataPosition: Int?
    var hasData = false
    var position = 1
    while position < tokens.count {
      let token = tokens[position]
      defer { position = Int(token.end) }
      guard !duplicates.isDuplicate(tokens, at: position) else {
        report(Self.pointer("", token), .duplicateMember, at: position, into: &event)
        searchDuplicates(tokens, in: position, Self.envelopePlace, into: &event)
        continue
      }
      let isPlainData = token.keyBytes.equals("data")
      if isPlainData || token.keyBytes.equals("data_base64") {
        if token.isNull {
          if isPlainData { nullDataPosition = position }
        } else if hasData {
          report(isPlainData ? "/data" : "/data_base64", .duplicateMember, at: position, into: &event)
          searchDuplicates(tokens, in: position, Self.envelopePlace, into: &event)
        } else if isPlainData {
          hasData = true
          readEvent(tokens, at: position, root: "/data", &scratch, into: &event)
          if !token.isObject { searchDuplicates(tokens, in: position, Self.envelopePlace, into: &event) }
        } else {
          hasData = true
          readEncodedData(token, at: position, &scratch, into: &event)
          searchDuplicates(tokens, in: position, Self.envelopePlace, into: &event)
        }
      } else {
        readAttribute(token, at: position, into: &event)
        searchDuplicates(tokens, in: position, Self.envelopePlace, into: &event)
      }
    }
    guard !hasData else { return }
    report("/data", nullDataPosition == nil ? .missing : .nullValue, at: nullDataPosition, into: &event)
  }

  private mutating func readAttribute(
    _ token: csimdjson_token, at position: Int, into event: inout ChatEvent
  ) {
    if token.keyBytes.equals("id") {
      // An id of another type is no CloudEvents id; the event then has the name it would have without one.
      guard token.isString, !token.hasBadText, !TextChecks.isBlank(token.textBytes) else { return }
      event.eventID = event.text.store(token.textBytes)
    } else if token.keyBytes.equals("expirytime"), !token.isNull {
      let isText = token.isString && !token.hasBadText
      guard isText, let milliseconds = TimeText.milliseconds(token.textBytes) else {
        return report("/expirytime", .badTime, at: position, into: &event)
      }
      event.expiresAt = WallTime(milliseconds: milliseconds)
    }
  }

  private mutating func readEncodedData(
    _ token: csimdjson_token, at position: Int, _ scratch: inout ReadingScratch, into event: inout ChatEvent
  ) {
    let pointer = "/data_base64"
    guard token.isString else { return report(pointer, .wrongType, at: position, into: &event) }
    guard !token.hasBadText else { return report(pointer, .notUTF8, at: position, into: &event) }
    guard token.text_length > 0 else { return report(pointer, .empty, at: position, into: &event) }
    guard let data = Base64.standard.decode(token.textBytes) else {
      return report(pointer, .notJSON, at: position, into: &event)
    }
    encodedDataPosition = position
    defer { encodedDataPosition = nil }
    var reader = scratch.takeDataReader()
    data.withUnsafeBytes { text in
      reader.read(text) { status, tokens in
        if let fault = Self.fault(status) { return report(pointer, fault, at: 0, into: &event) }
        readEvent(tokens, at: 0, root: "/data_base64", &scratch, into: &event)
      }
    }
    scratch.giveBack(reader)
  }
}

/// What reading an event needs now and then; grown once, reused.
struct ReadingScratch: ~Copyable {
  /// For the text inside `data_base64`: the tokens around it are still in use.
  private var dataReader: JSONReader?
  /// A text that a mapping made, valid until the next member.
  var text = ByteBuffer()

  mutating func takeDataReader() -> JSONReader {
    dataReader.take() ?? JSONReader(depthLimit: EventDecoder.depthLimit)
  }

  mutating func giveBack(_ reader: consuming JSONReader) { dataReader = consume reader }
}
