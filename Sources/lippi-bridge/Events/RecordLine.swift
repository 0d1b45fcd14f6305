internal import BridgeCore
internal import CSimdjson
internal import ChatEvents

/// A record as one line of JSON: `{"key": "c1", "headers": {"ce_id": "7"}, "value": "{…}"}`. Key and value are texts or
/// null, `key_base64` and `value_base64` give bytes; headers are an object or, since names may repeat, a list of
/// `[name, value]` or `{"name": …, "value": …}`; the value of a header may be `{"base64": …}`. What is left out is null.
struct RecordLine {
  var key: [UInt8]?
  var headers: [(name: [UInt8], value: [UInt8]?)] = []
  var value: [UInt8]?

  struct Fault: Error {
    var sentence: String
  }

  static let depthLimit: UInt32 = 8

  init(_ line: UnsafeRawBufferPointer, _ reader: inout JSONReader) throws(Fault) {
    let read: Result<RecordLine, Fault> = reader.read(line) { status, tokens in
      guard status == CSIMDJSON_OK, tokens[0].isObject else {
        return .failure(Fault(sentence: "is no JSON object"))
      }
      do throws(Fault) { return .success(try RecordLine(tokens)) } catch { return .failure(error) }
    }
    self = try read.get()
  }

  private init(_ tokens: UnsafeBufferPointer<csimdjson_token>) throws(Fault) {
    var position = 1
    while position < tokens.count {
      let token = tokens[position]
      let name = String(decoding: token.keyBytes, as: UTF8.self)
      switch name {
      case "key": key = try Self.text(token, "key")
      case "value": value = try Self.text(token, "value")
      case "key_base64": key = try Self.bytes(token, "key_base64")
      case "value_base64": value = try Self.bytes(token, "value_base64")
      case "headers": headers = try Self.headers(tokens, at: position)
      default:
        throw Fault(
          sentence: "has \(name); a record has key, key_base64, headers, value and value_base64")
      }
      position = Int(token.end)
    }
  }

  private static func text(_ token: csimdjson_token, _ name: String) throws(Fault) -> [UInt8]? {
    if token.isNull { return nil }
    guard token.isString, !token.hasBadText else { throw Fault(sentence: "\(name) is no text") }
    return Array(token.textBytes)
  }

  private static func bytes(_ token: csimdjson_token, _ name: String) throws(Fault) -> [UInt8]? {
    if token.isNull { return nil }
    guard token.isString, let bytes = Base64.standard.decode(token.textBytes) else {
      throw Fault(sentence: "\(name) is no base64")
    }
    return bytes
  }

  // MARK: Headers

  private typealias Header = (name: [UInt8], value: [UInt8]?)

  private static func headers(
    _ tokens: UnsafeBufferPointer<csimdjson_token>, at index: Int
  ) throws(Fault) -> [Header] {
    let list = tokens[index]
    if list.isNull { return [] }
    guard list.isObject || list.isArray else { throw Fault(sentence: "headers is no object and no list") }
    var headers: [Header] = []
    var position = index + 1
    while position < Int(list.end) {
      if list.isObject {
        headers.append((Array(tokens[position].keyBytes), try headerValue(tokens, at: position)))
      } else {
        headers.append(try header(tokens, at: position))
      }
      position = Int(tokens[position].end)
    }
    return headers
  }

  /// `[name, value]` or `{"name": …, "value": …}`.
  private static func header(
    _ tokens: UnsafeBufferPointer<csimdjson_token>, at index: Int
  ) throws(Fault) -> Header {
    var name: [UInt8]?
    var value: [UInt8]?
    var position = index + 1
    var place = 0
    while position < Int(tokens[index].end) {
      let member = tokens[position]
      let isName = tokens[index].isArray ? place == 0 : member.keyBytes.equals("name")
      if isName {
        name = try text(member, "the name of a header")
      } else {
        value = try headerValue(tokens, at: position)
      }
      position = Int(member.end)
      place += 1
    }
    guard let name, place <= 2 else { throw Fault(sentence: "a header is no name and value") }
    return (name, value)
  }

  private static func headerValue(
    _ tokens: UnsafeBufferPointer<csimdjson_token>, at index: Int
  ) throws(Fault) -> [UInt8]? {
    let token = tokens[index]
    guard token.isObject else { return try text(token, "the value of a header") }
    guard Int(token.end) == index + 2, tokens[index + 1].keyBytes.equals("base64") else {
      throw Fault(sentence: #"the value of a header is no text and no {"base64": …}"#)
    }
    return try bytes(tokens[index + 1], "base64 of a header")
  }
}

extension RecordLine {
  /// Shows the record as the consumer would.
  func withView<Result>(_ use: (RecordView) -> Result) -> Result {
    var storage = ByteBuffer()
    let keyRange = Self.store(key, in: &storage)
    let valueRange = Self.store(value, in: &storage)
    let ranges = headers.map { (Self.store($0.name, in: &storage), Self.store($0.value, in: &storage)) }
    return storage.withBytes { bytes in
      func part(_ range: TextRange) -> UnsafeRawBufferPointer? {
        range.isPresent ? UnsafeRawBufferPointer(rebasing: bytes[range.start..<range.end]) : nil
      }
      var record = RecordView(
        partition: 0, offset: 0, timestamp: nil, key: part(keyRange), value: part(valueRange))
      record.headers = ranges.compactMap { name, value in
        part(name).map { HeaderView(name: $0, value: part(value)) }
      }
      return use(record)
    }
  }

  private static func store(_ bytes: [UInt8]?, in storage: inout ByteBuffer) -> TextRange {
    bytes?.withUnsafeBytes { storage.store($0) } ?? .absent
  }
}
