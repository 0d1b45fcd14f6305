import BridgeCore

/// Reads what the headers of a record say about its event.
struct RecordHeaders: Sendable {
  /// Longer header values are taken as absent: an outcome has to stay small.
  static let valueByteLimit = 1_024

  private let copiedNames: [[UInt8]]

  init(copiedNames: [String]) {
    self.copiedNames = (["traceparent", "tracestate"] + copiedNames).map { Array($0.utf8) }
  }

  func read(_ headers: [HeaderView], into event: inout ChatEvent) -> ValueForm {
    var form = ValueForm.object
    for header in headers {
      guard let value = header.value, value.count <= Self.valueByteLimit else { continue }
      switch header.name.count {
      case 5 where header.name.equals("ce_id"):
        if !TextChecks.isBlank(value) { event.eventID = event.text.store(value) }
      case 12 where header.name.equalsIgnoringCase("content-type"): form = ValueForm(contentType: value)
      case 13 where header.name.equals("ce_expirytime"):
        event.expiresAt = TimeText.milliseconds(value).map { WallTime(milliseconds: $0) }
        if event.expiresAt == nil { event.report("/expirytime", .badTime) }
      case 16 where header.name.equals("lippi-redrive-id"): event.redrive.id = event.text.store(value)
      case 16 where header.name.equals("lippi-redrive-of"): event.redrive.of = event.text.store(value)
      case 16 where header.name.equals("lippi-redrive-by"): event.redrive.by = event.text.store(value)
      case 19 where header.name.equals("lippi-may-duplicate"): event.mayDuplicate = true
      default: break
      }
      if copiedNames.contains(where: { name in name.withUnsafeBytes { header.name.equals($0) } }) {
        event.copiedHeaders.append(
          CopiedHeader(name: event.text.store(header.name), value: event.text.store(value)))
      }
    }
    return form
  }
}

/// What a record's value is, as far as its `content-type` tells.
enum ValueForm {
  /// The event itself: a bare object, or the data of a CloudEvent whose attributes are headers.
  case object
  /// A CloudEvent with its data inside.
  case cloudEvent
  /// Avro, Protobuf, or several events in one record.
  case unsupported

  init(contentType: UnsafeRawBufferPointer) {
    if contentType.hasPrefixIgnoringCase("application/cloudevents") {
      let rest = UnsafeRawBufferPointer(rebasing: contentType["application/cloudevents".utf8.count...])
      let isOther = rest.hasPrefixIgnoringCase("-batch") || Self.isBinary(rest)
      self = isOther ? .unsupported : .cloudEvent
    } else {
      self = Self.isBinary(contentType) ? .unsupported : .object
    }
  }

  private static func isBinary(_ text: UnsafeRawBufferPointer) -> Bool {
    text.indices.contains { index in
      let rest = UnsafeRawBufferPointer(rebasing: text[index...])
      return rest.hasPrefixIgnoringCase("avro") || rest.hasPrefixIgnoringCase("protobuf")
    }
  }
}

extension UnsafeRawBufferPointer {
  func hasPrefixIgnoringCase(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount
      && UnsafeRawBufferPointer(rebasing: self[..<text.utf8CodeUnitCount]).equalsIgnoringCase(text)
  }
}
