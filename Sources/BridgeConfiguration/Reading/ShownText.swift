/// Text from outside as a sentence may carry it: on one line, and cut when it is long.
enum ShownText {
  static let lengthLimit = 80

  /// Nothing in it has to be written otherwise.
  static func isPlain(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { !isHidden($0) } }

  static func cut(_ text: String) -> String {
    let scalars = text.unicodeScalars
    var shown = ""
    for scalar in scalars.prefix(lengthLimit) {
      if isHidden(scalar) {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return scalars.count > lengthLimit ? "\(shown)…" : shown
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

/// A value from outside, in quotes.
func quoted(_ text: String) -> String { "\"\(ShownText.cut(text))\"" }
