internal import BridgeCore
internal import ChatEvents
internal import LippiAPI

/// Records: decoded, and encoded as a request if they are valid.
///
/// Input is the value; or, if it begins with a line `#`, lines `name: value` for headers (`@key` is the record's key,
/// `@null` makes the value null), an empty line, and the value.
enum EventFuzz {
  private static let headerLimit = 16
  private static let valueByteLimit = 4_096

  // libFuzzer calls on one thread. The event is used again and again, as the worker's slots are.
  nonisolated(unsafe) private static var decoder = EventDecoder(settings: settings, laneSeed: 7)
  nonisolated(unsafe) private static var encoder = RequestEncoder(
    settings: GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8)))
  nonisolated(unsafe) private static var event = ChatEvent()
  nonisolated(unsafe) private static var body = ByteBuffer(capacity: 4_096)

  private static var settings: EventSettings {
    var settings = EventSettings(topic: "chat-events")
    settings.valueByteLimit = valueByteLimit
    settings.contentByteLimit = 256
    settings.copiedHeaderNames = ["tenant"]
    settings.caller.corpID = "dingxxx"
    return settings
  }

  static func run(_ input: UnsafeRawBufferPointer) {
    var record = RecordView(
      partition: 3, offset: 1_234, timestamp: WallTime(milliseconds: 1_577_096_532_390), key: nil,
      value: input)
    readHead(input, into: &record)
    event.reset()
    decoder.decode(record, into: &event)
    check(event)
    var fresh = ChatEvent()
    decoder.decode(record, into: &fresh)
    require(fresh.problems == event.problems, "a used event has other problems than a fresh one")
    require(fresh.lane == event.lane, "a used event has another lane than a fresh one")
    if event.isValid { encode() }
  }

  private static func readHead(_ input: UnsafeRawBufferPointer, into record: inout RecordView) {
    guard input.starts(with: "#\n".utf8) else { return }
    var rest = input[2...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = UnsafeRawBufferPointer(rebasing: rest[..<end])
      rest = rest[(end + 1)...]
      if line.isEmpty { break }
      let colon = line.firstIndex(of: UInt8(ascii: ":"))
      let name = UnsafeRawBufferPointer(rebasing: line[..<(colon ?? line.endIndex)])
      let value = colon.map { UnsafeRawBufferPointer(rebasing: line[($0 + 1)...].drop { $0 == 0x20 }) }
      if name.elementsEqual("@key".utf8) {
        record.key = value
      } else if name.elementsEqual("@null".utf8) {
        record.value = nil
      } else if record.headers.count < headerLimit {
        record.headers.append(HeaderView(name: name, value: value))
      }
    }
    if record.value != nil { record.value = UnsafeRawBufferPointer(rebasing: rest) }
  }

  private static func check(_ event: borrowing ChatEvent) {
    let (count, listed) = (event.problemCount, event.problems)
    require(
      listed.count == min(count, EventProblem.listLimit), "\(listed.count) of \(count) problems are listed")
    require(event.isValid == listed.isEmpty, "valid and without problems are not the same")
    require(event.eventID.isPresent, "an event without id")
    requireTexts(of: event.message, within: event.text)
    requireTexts(of: [event.eventID, event.key], within: event.text)
    requireTexts(of: event.copiedHeaders, within: event.text)
    let pointers = Set(listed.map(\.pointer))
    require(pointers.count == listed.count, "two problems at one pointer")
    for pointer in pointers {
      require(pointer.isEmpty || pointer.hasPrefix("/"), "\(pointer) is no JSON Pointer")
    }
  }

  private static let parameters = [
    "app_key", "format", "ly_ding_open_para_dto", "ly_open_message_dto", "method", "sign_method", "timestamp",
    "v",
    "sign",
  ]

  /// A body whose parameters stand in the order in which they are signed, the signature last.
  private static func encode() {
    body.removeAll()
    encoder.encode(
      event, at: WallTime(milliseconds: 1_577_096_532_390), into: &body)
    let bytes = body.withBytes { Array($0) }
    let pairs = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
    let names = pairs.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
    require(names == parameters, "the parameters are \(names)")
    require(pairs.last?.count == "sign=".utf8.count + 64, "the signature is not the end")
    require(bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a byte that a form does not have")
  }
}
