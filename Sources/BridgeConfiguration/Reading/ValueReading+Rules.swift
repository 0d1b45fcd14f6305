/// One rule of `gateway.rules` as it is written; what its members mean is not known here.
struct RuleText: Sendable {
  struct Member: Sendable {
    var name: String
    var value: String
    var position: TextPosition
  }

  /// Place in the list, from 1.
  var number: Int
  var members: [Member]
  var position: TextPosition
}

extension ValueReading {
  private static let ruleMemberLimit = 16
  private static let ruleTextByteLimit = 256

  /// Rules without a fault of their form, even if others have one: their meaning is checked all the same.
  static func rules(_ node: YamlNode, countLimit: Int, _ faults: inout [MemberFault]) -> [RuleText] {
    guard case .sequence(let rules) = node.content else {
      faults.append(
        MemberFault(sentence: "is \(node.shape), but a list of rules is needed", position: node.position))
      return []
    }
    guard rules.count <= countLimit else {
      faults.append(
        MemberFault(
          sentence: "has \(rules.count) rules; at most \(countLimit) are allowed", position: node.position))
      return []
    }
    return rules.enumerated().compactMap { rule($1, number: $0 + 1, &faults) }
  }

  private static func rule(_ node: YamlNode, number: Int, _ faults: inout [MemberFault]) -> RuleText? {
    func fault(_ sentence: String, _ position: TextPosition) -> MemberFault {
      MemberFault(sentence: "\(ConfiguredRule.beginning(number)) \(sentence)", position: position)
    }
    guard case .mapping(let entries) = node.content else {
      faults.append(fault("is \(node.shape), but an object is needed", node.position))
      return nil
    }
    guard entries.count <= ruleMemberLimit else {
      faults.append(fault("has more than \(ruleMemberLimit) members", node.position))
      return nil
    }
    let faultCountBefore = faults.count
    var members: [RuleText.Member] = []
    for entry in entries {
      let name = quoted(entry.name)
      guard case .scalar(let scalar) = entry.value.content, !entry.value.isNull else {
        faults.append(fault("has no text or number for \(name)", entry.value.position))
        continue
      }
      if let flaw = flaw(entry.name) ?? flaw(scalar.text) {
        faults.append(fault("has \(flaw) in \(name)", entry.position))
        continue
      }
      members.append(RuleText.Member(name: entry.name, value: scalar.text, position: entry.position))
    }
    guard faults.count == faultCountBefore else { return nil }
    return RuleText(number: number, members: members, position: node.position)
  }

  /// Texts of rules are shown in sentences and tables.
  private static func flaw(_ text: String) -> String? {
    if text.utf8.count > ruleTextByteLimit { return "more than \(ruleTextByteLimit) bytes" }
    return ShownText.isPlain(text) ? nil : "a character that cannot be shown"
  }
}
