/// Where the members of a message are found in events that do not have them under their own names. A member without an
/// entry is read under its own name.
package struct EventMapping: Sendable {
  var entries: [MappedMember] = []

  package static let identity = EventMapping()
}

/// How one member gets its value.
struct MappedMember: Sendable {
  var member: EventMember
  var source: MappedSource
  /// Taken when the source has nothing, or JSON null.
  var standard: MappedText?
  /// Texts of the source and what they stand for; empty if its value is taken as it is.
  var values: [(from: MappedText, to: MappedText)] = []
  /// What any other text stands for; without it another text is a problem.
  var otherValue: MappedText?
  var conversion: MappedConversion?
}

enum MappedSource: Sendable {
  /// Into the event's object, which is the data of a CloudEvent.
  case pointer(MappedPointer)
  /// The last header of that name.
  case header(MappedText)
  /// The record's key.
  case key
  /// A CloudEvents attribute: member of a structured event, `ce_` header of a binary one.
  case attribute(MappedText)
  case constant(MappedText)
  /// The member is always absent.
  case nothing
}

/// A text of the configuration as the bytes that it is compared and copied as.
struct MappedText: Sendable {
  var bytes: [UInt8]
  init(_ text: String) { bytes = Array(text.utf8) }
  var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// What is done with a value before it is checked like any other.
enum MappedConversion: String, Sendable, CaseIterable {
  /// Numbers, true and false as text.
  case text
  /// A whole number, also as text, `1.0` or `1e3`.
  case number
  /// RFC 3339, epoch milliseconds, or epoch seconds if the number is below 100 000 000 000.
  case time
  /// Any value as its JSON text.
  case json
}

/// JSON Pointer (RFC 6901), read once.
struct MappedPointer: Sendable {
  struct Step: Sendable {
    var name: [UInt8]
    /// The same as an array index; nil if it is none.
    var index: Int?
  }

  /// As it was written.
  var text: String
  var steps: [Step]

  /// Nil if the text is no pointer.
  init?(_ text: String) {
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    self.text = text
    steps = []
    for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let name = Self.unescaped(part) else { return nil }
      let isIndex = name.allSatisfy { $0 >= 48 && $0 <= 57 } && (name.first != 48 || name.count == 1)
      let index = isIndex ? Int(String(decoding: name, as: UTF8.self)) : nil
      steps.append(Step(name: name, index: index))
    }
  }

  private static func unescaped(_ part: Substring) -> [UInt8]? {
    var name: [UInt8] = []
    var rest = part.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "~") else {
        name.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "0"): name.append(UInt8(ascii: "~"))
      case UInt8(ascii: "1"): name.append(UInt8(ascii: "/"))
      default: return nil
      }
    }
    return name
  }
}
