/// Text from outside as a sentence may carry it: on one line, and cut when it is long.
enum ShownText {
  static let lengthLimit = 80

  static func cut(_ text: String) -> String {
    let scalars = text.unicodeScalars
    var shown = ""
    for scalar in scalars.prefix(lengthLimit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        shown.unicodeScalars.append(scalar)
      }
    }
    return scalars.count > lengthLimit ? "\(shown)…" : shown
  }
}

/// A value from outside, in quotes.
func quoted(_ text: String) -> String { "\"\(ShownText.cut(text))\"" }
