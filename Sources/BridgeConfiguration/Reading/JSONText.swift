/// JSON in a variable or a `--set`. JSON is YAML's flow form, so libyaml reads it; what only YAML would allow is
/// refused afterwards.
enum JSONText {
  static func parse(_ text: String) throws(ValueFault) -> YamlNode {
    let opening = text.utf8.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }
    guard opening == UInt8(ascii: "{") || opening == UInt8(ascii: "[") else {
      throw ValueFault("it begins with neither { nor [")
    }
    let root: YamlNode?
    do { root = try YamlText.parse(Array(text.utf8)) } catch {
      let lineCount = text.utf8.count { $0 == 0x0a } + 1
      let place = error.position.line > lineCount ? "at its end" : "at \(place(error.position))"
      throw ValueFault("\(error.sentence), \(place)")
    }
    guard let root else { throw ValueFault("it is empty") }
    try refuseYaml(root)
    return root
  }

  private static func refuseYaml(_ node: YamlNode) throws(ValueFault) {
    switch node.content {
    case .scalar(let scalar):
      guard scalar.form == .plain, !isLiteral(scalar.text) else { return }
      throw ValueFault("a text needs double quotes, at \(place(node.position))")
    case .sequence(let members):
      for member in members { try refuseYaml(member) }
    case .mapping(let entries):
      for entry in entries { try refuseYaml(entry.value) }
    }
  }

  private static func place(_ position: TextPosition) -> String {
    position.line == 1
      ? "character \(position.column)" : "line \(position.line), character \(position.column)"
  }

  private static func isLiteral(_ text: String) -> Bool {
    if text == "true" || text == "false" || text == "null" { return true }
    return !text.isEmpty && Double(text) != nil
      && text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
  }
}
