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
    let limit = lineLength - indentation.count - 2
    let type = reference(key.kind).map { " \($0)" } ?? ""
    var lines = TextWrap.lines(key.explanation + type, limit: limit)
    if let variable = key.secretVariable {
      lines += TextWrap.lines("Or \(variable) in the environment, with the secret itself.", limit: limit)
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
      lines[0] = "Required. \(lines[0])"
      return comment(lines, indentation) + "\(indentation)#\(key.name.lastWord): \(example)\n"
    }
  }

  private static func comment(_ lines: [String], _ indentation: String) -> String {
    lines.map { "\(indentation)# \($0)\n" }.joined()
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}

extension ExampleFile {
  /// What a value may be, where the explanation of its key does not say it.
  private static func reference(_ kind: ValueKind) -> String? {
    switch kind {
    case .text, .topic, .url, .proxy, .start, .integer(Int64.min...Int64.max), .properties, .rules, .mapping,
      .file:
      nil
    case .integer, .share, .size, .listen: kind.allowedValues.map { "Allowed: \($0)." }
    case .duration: kind.allowedValues.map { "\($0)." }
    case .flag: "true or false."
    case .choice: kind.allowedValues.map { "One of \($0)." }
    case .list(let countLimit): "A list of at most \(countLimit)."
    case .secretFile: "One line; its end is not part of the secret."
    }
  }
}
