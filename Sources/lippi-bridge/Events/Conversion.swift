internal import BridgeCore
internal import ChatEvents
internal import LippiAPI

/// Shows what the worker would make of records: the gateway's two parameters, or every problem. One JSON line each.
struct Conversion: ~Copyable {
  private var decoder: EventDecoder
  private var event = ChatEvent()
  private var line = ByteBuffer()
  private let explains: Bool
  private(set) var invalidCount = 0

  init(_ settings: EventSettings, explains: Bool) {
    // Lanes are not shown: any seed will do.
    decoder = EventDecoder(settings: settings, laneSeed: 0, namesOrigins: explains)
    self.explains = explains
  }

  mutating func show(_ record: RecordView, number: Int) {
    event.reset()
    decoder.decode(record, into: &event)
    begin(number)
    if event.isValid {
      line.append(",\"request\":{\"ly_ding_open_para_dto\":")
      CallerObject.append(event, to: &line)
      line.append(",\"ly_open_message_dto\":")
      MessageObject.append(event, to: &line)
      line.append("},\"warnings\":")
      appendList(event.warnings.names) { $0.appendJSONString($1) }
    } else {
      invalidCount += 1
      line.append(",\"problems\":")
      appendList(event.problems) { line, problem in
        line.append("{\"pointer\":")
        line.appendJSONString(text: problem.pointer)
        line.append(",\"code\":\"")
        line.append(text: problem.code.rawValue)
        line.append("\"}")
      }
    }
    if explains { appendExplanation() }
    end()
  }

  /// For a line that is no record at all.
  mutating func refuse(_ sentence: String, number: Int) {
    invalidCount += 1
    begin(number)
    line.append(",\"error\":")
    line.appendJSONString(text: sentence)
    end()
  }

  private mutating func begin(_ number: Int) {
    line.removeAll()
    line.append("{\"line\":")
    line.appendDecimal(Int64(number))
  }

  private mutating func end() {
    line.append("}\n")
    line.withBytes { StandardOutput.write($0) }
  }

  /// Where each member was found, and the event's id.
  private mutating func appendExplanation() {
    line.append(",\"event_id\":")
    event.text.withBytes(of: event.eventID) {
      line.appendJSONString(text: String(decoding: $0, as: UTF8.self))
    }
    line.append(",\"from\":{")
    for (index, origin) in event.origins.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      line.appendJSONString(origin.member.name)
      line.append(UInt8(ascii: ":"))
      line.appendJSONString(text: origin.place)
    }
    line.append("}")
  }

  private mutating func appendList<Element>(
    _ elements: [Element], _ append: (inout ByteBuffer, Element) -> Void
  ) {
    line.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      append(&line, element)
    }
    line.append(UInt8(ascii: "]"))
  }
}
