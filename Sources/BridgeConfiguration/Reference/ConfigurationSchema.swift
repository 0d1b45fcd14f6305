/// A JSON Schema of the file (valid as draft-07 and as 2020-12), made from the key table. It knows what a value looks
/// like; how large a duration or a size may be, and which values contradict each other, is known to the reader alone.
package enum ConfigurationSchema {
  package static var text: String { schema.indented() + "\n" }

  private static var schema: JSONValue {
    .object(
      [
        ("$schema", .text("http://json-schema.org/draft-07/schema#")),
        ("title", .text("Configuration of lippi-bridge")),
      ] + section(""))
  }

  /// The members of the schema of a section; the root is the section without a name.
  private static func section(_ name: String) -> [(String, JSONValue)] {
    let members = KeyNames.members(of: name).map { member -> (String, JSONValue) in
      let full = name.isEmpty ? member : "\(name).\(member)"
      return (member, KeyNames.keys[full].map(property) ?? .object(section(full)))
    }
    return [
      // Nothing behind the colon is as if the line were not there.
      ("type", .array([.text("object"), .text("null")])),
      ("additionalProperties", .flag(false)), ("properties", .object(members)),
    ]
  }

  private static func property(_ key: ConfigurationKey) -> JSONValue {
    var description = key.explanation
    switch key.kind {
    case .duration, .size: description += key.kind.allowedValues.map { " \($0)." } ?? ""
    case .text, .topic, .url, .proxy, .listen, .integer, .share, .flag, .choice, .list, .properties, .rules,
      .mapping, .start,
      .secretFile, .file:
      break
    }
    var members = [("description", JSONValue.text(description))] + type(key.kind)
    switch key.standard {
    case .value(let text): members.append(("default", standard(text, key.kind)))
    case .none(let example), .required(let example):
      members.append(("examples", .array([standard(example, key.kind)])))
    case .hostName: break
    }
    return .object(members)
  }

  private static func type(_ kind: ValueKind) -> [(String, JSONValue)] {
    switch kind {
    case .text: types(["string", "number", "boolean"]) + notBlank
    case .secretFile, .file: types(["string"]) + notBlank
    case .topic:
      // A plain number is a name, too.
      types(["string", "integer"])
        + pattern("^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,\(ValueReading.topicByteLimit)}$")
    case .url: types(["string"]) + pattern("^https?://[^/?#:@\\s][^/?#@\\s]*(/[^?#\\s]*)?$")
    case .proxy: types(["string"]) + pattern("^(http|socks5|socks5h)://[^/?#:@\\s]+:[0-9]+/?$")
    case .listen:
      types(["string"]) + pattern("^(off|[^:\\s\\[\\]]+:[0-9]{1,5}|\\[[0-9A-Fa-f:.%]+\\]:[0-9]{1,5})$")
    case .integer(let range):
      types(["integer"]) + [("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))]
    case .share:
      types(["number"]) + [("exclusiveMinimum", .number(0)), ("maximum", .number(1))]
    case .duration(let range) where range.contains(0):
      // Of nothing the unit does not matter.
      types(["string", "integer"]) + pattern(unitPattern(DurationText.units.map(\.name)))
        + [("minimum", .number(0)), ("maximum", .number(0))]
    case .duration: types(["string"]) + pattern(unitPattern(DurationText.units.map(\.name)))
    case .size: types(["string"]) + pattern(unitPattern(SizeText.units.map(\.name)))
    case .flag: types(["boolean"])
    case .choice(let words):
      [
        (
          "enum",
          .array(words.map { .text($0) } + words.compactMap { Int64($0) }.map { .number($0) } + [.null])
        )
      ]
    case .list(let countLimit):
      types(["array"]) + [
        ("items", .object([("type", scalarTypes)] + notBlank)), ("maxItems", .number(Int64(countLimit))),
        ("uniqueItems", .flag(true)),
      ]
    case .properties:
      types(["object"]) + [
        ("additionalProperties", .object([("type", scalarTypes)])),
        ("propertyNames", .object([("not", .object([("anyOf", .array(refusedNames))]))])),
        ("maxProperties", .number(Int64(ValueReading.propertyCountLimit))),
      ]
    case .rules(let countLimit):
      types(["array"]) + [
        ("items", .object(types(["object"]) + [("additionalProperties", .object([("type", scalarTypes)]))])),
        ("maxItems", .number(Int64(countLimit))),
      ]
    case .mapping:
      // A pointer alone, null, or the settings of the member.
      types(["object"]) + [
        ("additionalProperties", .object([("type", .array(["string", "null", "object"].map { .text($0) }))]))
      ]
    case .start:
      types(["string"])
        + pattern(
          "^(earliest|latest|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
            + "([Zz]|[+-][0-9]{2}:[0-9]{2}))$")
    }
  }

  private static func types(_ names: [String]) -> [(String, JSONValue)] {
    [("type", .array((names + ["null"]).map { .text($0) }))]
  }

  private static let scalarTypes = JSONValue.array(["string", "number", "boolean"].map { .text($0) })

  private static var notBlank: [(String, JSONValue)] {
    pattern("^[^\\u0000-\\u001f]*[^\\s\\u0000-\\u001f][^\\u0000-\\u001f]*$")
      + [("maxLength", .number(Int64(ValueReading.textByteLimit)))]
  }

  private static func pattern(_ pattern: String) -> [(String, JSONValue)] { [("pattern", .text(pattern))] }

  private static func unitPattern(_ names: [String]) -> String {
    "^[0-9]+(\(names.joined(separator: "|")))$"
  }

  private static var refusedNames: [JSONValue] {
    [
      .object([("enum", .array(OwnedProperty.refusedNames.map { .text($0) }))]),
      .object([("pattern", .text(OwnedProperty.refusedPattern))]),
      .object([("pattern", .text(OwnedProperty.secretPattern))]),
    ]
  }

  /// A value as the table has it, typed.
  private static func standard(_ text: String, _ kind: ValueKind) -> JSONValue {
    switch kind {
    case .integer: Int64(text).map { .number($0) } ?? .text(text)
    case .share: .fraction(text)
    case .flag: .flag(text == "true")
    case .list: .array([])
    case .properties: .object([])
    case .rules, .mapping: .text(text)
    case .text: .text(text.filter { $0 != "\"" })
    case .topic, .url, .proxy, .listen, .duration, .size, .choice, .start, .secretFile, .file: .text(text)
    }
  }
}
