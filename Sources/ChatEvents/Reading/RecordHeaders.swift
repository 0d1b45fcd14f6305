import BridgeCore

/// Reads what the headers of a record say about its event.
struct RecordHeaders: Sendable {
  /// Longer header values are taken as absent: an outcome has to stay small.
  static let valueByteLimit = 1_024

  private let copiedNames: [[UInt8]]

  init(copiedNames: [String]) {
    self.copiedNames = (["traceparent", "tracestate"] + copiedNames).map { Array($0.utf8) }
  }

  /// Names of any case; of several headers with one name the last counts.
  func read(_ headers: [HeaderView], into event: inout ChatEvent) -> HeaderFacts {
    var facts = HeaderFacts()
    for header in headers {
      guard let value = header.value, value.count <= Self.valueByteLimit else { continue }
      read(header.name, value, &facts, into: &event)
      if copiedNames.contains(where: { name in name.withUnsafeBytes { header.name.equals($0) } }) {
        event.copiedHeaders.append(
          CopiedHeader(name: event.text.store(header.name), value: event.text.store(value)))
      }
    }
    return facts
  }

  private func read(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ facts: inout HeaderFacts,
    into event: inout ChatEvent
  ) {
    switch name.count {
    case 5 where name.equalsIgnoringCase("ce_id"):
      facts.id = TextChecks.isBlank(value) ? .absent : event.text.store(value)
    case 12 where name.equalsIgnoringCase("content-type"): facts.form = ValueForm(contentType: value)
    case 13 where name.equalsIgnoringCase("ce_expirytime"):
      facts.expiry = TimeText.milliseconds(value).map { .at(WallTime(milliseconds: $0)) } ?? .unreadable
    case 16 where name.equalsIgnoringCase("lippi-redrive-id"): event.redrive.id = event.text.store(value)
    case 16 where name.equalsIgnoringCase("lippi-redrive-of"): event.redrive.of = event.text.store(value)
    case 16 where name.equalsIgnoringCase("lippi-redrive-by"): event.redrive.by = event.text.store(value)
    case 19 where name.equalsIgnoringCase("lippi-may-duplicate"): event.mayDuplicate = true
    default: break
    }
  }
}

/// What the headers of a record say about how to read it.
struct HeaderFacts {
  enum Expiry {
    case never
    case at(WallTime)
    case unreadable
  }

  var form = ValueForm.object
  /// Of a CloudEvent in binary mode.
  var id = TextRange.absent
  var expiry = Expiry.never
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
