/// The reference of all keys in Markdown, made from the key table.
package enum ReferencePage {
  package static var text: String {
    """
    # Configuration

    <!-- Made from the key table: lippi-bridge config explain --markdown > docs/configuration.md -->

    Every key of `lippi-bridge`. A key can be set in three places; the later one wins:

    1. the file: `--config FILE`, else the one that `LIPPI_BRIDGE_CONFIG` names, else
       \(ConfigurationFile.standardPaths.map { "`\($0)`" }.joined(separator: ", else\n   "));
    2. a variable of the environment: `gateway.concurrency` is `LIPPI_BRIDGE_GATEWAY_CONCURRENCY`;
    3. the command line: `--set gateway.concurrency=128`, as often as needed.

    Lists, objects and whole sections are JSON in a variable or a `--set`. Durations have a unit
    (\(units(DurationText.units.map(\.name)))), sizes too (\(units(SizeText.units.map(\.name)))). Whatever is
    unknown, of the wrong type or contradictory is reported, all of it at once, and the worker does not start.

    Secrets are never written in the file: they come from a file of their own or from a variable (both is an error), are
    shown as `\(Secret.redacted)`, and the gateway's are read again when their file changes, on SIGHUP, and before each
    probe of a halted line.

    `lippi-bridge config explain` shows what is in effect and where it comes from, `lippi-bridge config example` makes a
    file to start from, `lippi-bridge config schema` a JSON Schema for editors.

    \(sections)
    """
  }

  private static var sections: String {
    var text = ""
    for section in KeyNames.members(of: "") {
      text += """

        ## \(section)

        | key | type | default | meaning |
        | --- | --- | --- | --- |

        """
      for key in ConfigurationKey.all where key.name.hasPrefix("\(section).") { text += row(key) }
    }
    return String(text.dropFirst())
  }

  private static func row(_ key: ConfigurationKey) -> String {
    let standard =
      switch key.standard {
      case .value(let text): "`\(text)`"
      case .hostName: "the name of the host"
      case .none(let example): "none; for example `\(example)`"
      case .required(let example): "**required**; for example `\(example)`"
      }
    let secret = key.secretVariable.map { " Or `\($0)` with the secret itself." } ?? ""
    let cells = ["`\(key.name)`", KeyExplanation.allowed(key), standard, key.explanation + secret]
    return "| \(cells.map(escaped).joined(separator: " | ")) |\n"
  }

  /// `|` ends a cell and `<` begins a tag, except in code.
  private static func escaped(_ cell: String) -> String {
    var isCode = false
    return cell.map { character in
      if character == "`" { isCode.toggle() }
      return switch character {
      case "|": "\\|"
      case "<" where !isCode: "&lt;"
      default: String(character)
      }
    }.joined()
  }

  private static func units(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
