/// One scalar of `input.mapping` as it is written; what it means is not known here.
struct MappingText: Sendable {
  var path: [String]
  /// Nil for null.
  var text: String?
  var position: TextPosition

  /// As it would be written after `--set`.
  var shown: String { "\(path.joined(separator: ".")): \(text ?? "null")" }
}

extension ValueReading {
  private static let mappingDepthLimit = 3
  private static let mappingSettingLimit = 1_024

  /// Scalars of nested objects without what has a fault of its form: the meaning of the rest is checked all the same.
  static func mapping(_ node: YamlNode, _ faults: inout [MemberFault]) -> [MappingText] {
    guard case .mapping = node.content else {
      faults.append(
        MemberFault(
          sentence: "is \(node.shape), but an object of members and their sources is needed",
          position: node.position))
      return []
    }
    var settings: [MappingText] = []
    collect(node, path: [], &settings, &faults)
    guard settings.count <= mappingSettingLimit else {
      faults.append(
        MemberFault(
          sentence: "has \(settings.count) settings; at most \(mappingSettingLimit) are allowed",
          position: node.position))
      return []
    }
    return settings
  }

  private static func collect(
    _ node: YamlNode, path: [String], _ settings: inout [MappingText], _ faults: inout [MemberFault]
  ) {
    guard case .mapping(let entries) = node.content else { return }
    var names: Set<String> = []
    for entry in entries {
      let inner = path + [entry.name]
      func refuse(_ sentence: String) {
        faults.append(
          MemberFault(
            sentence: "\(inner.map(ShownText.cut).joined(separator: ".")) \(sentence)",
            position: entry.position))
      }
      guard names.insert(entry.name).inserted else {
        refuse("is there twice")
        continue
      }
      switch entry.value.content {
      case .scalar(let scalar):
        settings.append(
          MappingText(path: inner, text: entry.value.isNull ? nil : scalar.text, position: entry.position))
      case .mapping where inner.count < mappingDepthLimit:
        let countBefore = settings.count
        collect(entry.value, path: inner, &settings, &faults)
        if settings.count == countBefore { refuse("is empty") }
      case .mapping: refuse("is an object; nothing is nested so deep")
      case .sequence: refuse("is a list; a single value or an object is needed")
      }
    }
  }
}
