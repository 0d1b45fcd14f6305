/// The commented example, made from the key table.
package enum ExampleFile {
  private static let lineLength = 100

  package static var text: String {
    var text = """
      # Configuration of lippi-bridge: every key with its default.
      #
      # Lines of the form "#key: value" show a key that has no default; remove the "#" to set it.
      # Every key can also be set by a variable of the environment, and on the command line, which wins:
      #   gateway.concurrency   LIPPI_BRIDGE_GATEWAY_CONCURRENCY=128   --set gateway.concurrency=128
      # Lists and objects are JSON there. Durations have a unit (ms, s, m, h), sizes too (B, KiB, MiB, GiB).
      # Secrets are never written here: they come from files, or from the environment.

      """
    var section = ""
    for key in ConfigurationKey.all {
      text += "\n" + heading(from: section, to: key.section)
      section = key.section
      text += entry(key)
    }
    return text
  }

  /// The lines that open the sections of `new` that are not open in `old`.
  private static func heading(from old: String, to new: String) -> String {
    let oldWords = old.split(separator: ".")
    let newWords = new.split(separator: ".")
    let sharedCount = zip(oldWords, newWords).prefix { $0 == $1 }.count
    return newWords.enumerated().dropFirst(sharedCount).map { depth, word in
      indent(depth) + word + ":\n"
    }.joined()
  }

  private static func entry(_ key: ConfigurationKey) -> String {
    let indentation = indent(key.section.split(separator: ".").count)
    var lines = wrapped(key.explanation, limit: lineLength - indentation.count - 2)
    lines.append(ValueReading.reference(key.kind))
    if let variable = key.secretVariable {
      lines.append("Instead of the file, the environment may hold the secret itself: \(variable)")
    }
    switch key.standard {
    case .value(let text):
      return comment(lines, indentation) + "\(indentation)\(key.name.lastWord): \(text)\n"
    case .hostName:
      lines.append("Default: the name of the host.")
      return comment(lines, indentation) + "\(indentation)#\(key.name.lastWord): worker-1\n"
    case .none(let example):
      return comment(lines, indentation) + "\(indentation)#\(key.name.lastWord): \(example)\n"
    case .required(let example):
      lines.append("Required.")
      return comment(lines, indentation) + "\(indentation)#\(key.name.lastWord): \(example)\n"
    }
  }

  private static func comment(_ lines: [String], _ indentation: String) -> String {
    lines.map { "\(indentation)# \($0)\n" }.joined()
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private static func wrapped(_ text: String, limit: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= limit {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

extension ValueReading {
  /// The type of a key, as the example file says it.
  static func reference(_ kind: ValueKind) -> String {
    switch kind {
    case .text: "Text."
    case .topic: "The name of a topic."
    case .url: "A URL with http or https."
    case .integer(Int64.min...Int64.max): "A whole number."
    case .integer(let range): "A whole number, \(range.lowerBound) to \(range.upperBound)."
    case .duration(let range):
      "A duration, \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))."
    case .size(let range): "A size, \(SizeText.text(range.lowerBound)) to \(SizeText.text(range.upperBound))."
    case .flag: "true or false."
    case .choice(let words): "One of \(words.joined(separator: ", "))."
    case .list(let countLimit): "A list of at most \(countLimit) texts."
    case .properties: "An object of names and values."
    case .start: "earliest, latest or a time (RFC 3339)."
    case .secretFile: "The path of a file; one line, its end is not part of the secret."
    }
  }
}
