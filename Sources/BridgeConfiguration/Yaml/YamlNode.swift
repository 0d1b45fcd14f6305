/// A place in a text; both count from 1, the column in characters.
package struct TextPosition: Hashable, Sendable {
  package var line: Int
  package var column: Int
}

/// A value as it stands in a configuration text, before anything is known about its type.
struct YamlNode {
  enum Content {
    case scalar(YamlScalar)
    case sequence([YamlNode])
    case mapping([YamlEntry])
  }

  var content: Content
  var position: TextPosition

  /// Nothing stands behind the colon, or one of YAML's words for nothing.
  var isNull: Bool {
    guard case .scalar(let scalar) = content, scalar.form == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
  }

  /// The shape in words, for sentences about a wrong type.
  var shape: String {
    switch content {
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "an object"
    }
  }
}

struct YamlEntry {
  var name: String
  var position: TextPosition
  var value: YamlNode
}

struct YamlScalar {
  enum Form {
    /// Without quotes in YAML or JSON: may be a number, a word, nothing.
    case plain
    /// In quotes: always text.
    case quoted
    /// The whole text of a variable or a `--set`: whatever the key wants it to be, but never nothing.
    case outside
  }

  var text: String
  var form: Form
}
