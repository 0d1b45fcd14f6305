/// A file with properties of librdkafka: `name=value` a line, `#` begins a comment. The blanks around name and value
/// do not count.
enum PropertiesFile {
  static let byteLimit = 256 * 1_024

  /// Sentences name the property, never its value: any of them may be a secret.
  static func parse(_ bytes: [UInt8], _ faults: inout [MemberFault]) -> [KafkaProperty] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      faults.append(MemberFault(sentence: "is not UTF-8 text", position: TextPosition(line: 1, column: 1)))
      return []
    }
    var properties: [KafkaProperty] = []
    var firstLines: [String: Int] = [:]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let position = TextPosition(line: index + 1, column: line.prefix { $0 == " " || $0 == "\t" }.count + 1)
      let content = line.trimmingBlanks()
      if content.isEmpty || content.first == "#" { continue }
      guard let equals = content.firstIndex(of: "="), equals != content.startIndex else {
        faults.append(MemberFault(sentence: "a line is not written as name=value", position: position))
        continue
      }
      let name = String(content[..<equals].trimmingBlanks())
      if let refusal = OwnedProperty.refusal(of: name) {
        faults.append(
          MemberFault(sentence: "\(quoted(name)) may not stand here: \(refusal)", position: position))
      } else if let first = firstLines[name] {
        faults.append(
          MemberFault(sentence: "\(quoted(name)) is there twice, first in line \(first)", position: position))
      } else if properties.count == ValueReading.propertyCountLimit {
        faults.append(
          MemberFault(
            sentence: "has more than \(ValueReading.propertyCountLimit) properties", position: position))
        return properties
      } else {
        firstLines[name] = position.line
        properties.append(
          KafkaProperty(
            name: name, value: String(content[content.index(after: equals)...].trimmingBlanks()),
            isSecret: OwnedProperty.isSecret(name)))
      }
    }
    return properties
  }
}

extension Substring {
  fileprivate func trimmingBlanks() -> Substring {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    let rest = drop(while: isBlank)
    guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return rest[rest.endIndex...] }
    return rest[...last]
  }
}
