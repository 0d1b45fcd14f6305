/// A fault inside a list or an object, at the member that has it.
struct MemberFault {
  var sentence: String
  var position: TextPosition
}

extension ValueReading {
  static let propertyCountLimit = 256

  static func list(_ node: YamlNode, countLimit: Int, _ faults: inout [MemberFault]) -> [String] {
    guard case .sequence(let members) = node.content else {
      faults.append(
        MemberFault(sentence: "is \(node.shape), but a list of texts is needed", position: node.position))
      return []
    }
    if members.count > countLimit {
      faults.append(
        MemberFault(
          sentence: "has \(members.count) members; at most \(countLimit) are allowed", position: node.position
        ))
      return []
    }
    var texts: [String] = []
    for member in members {
      guard case .scalar(let scalar) = member.content, !member.isNull, !scalar.text.isBlank,
        scalar.text.utf8.count <= textByteLimit
      else {
        faults.append(MemberFault(sentence: "has a member that is no text", position: member.position))
        continue
      }
      if texts.contains(scalar.text) {
        faults.append(MemberFault(sentence: "has \(quoted(scalar.text)) twice", position: member.position))
      }
      texts.append(scalar.text)
    }
    return texts
  }

  static func properties(
    _ node: YamlNode, from layer: Layer, _ faults: inout [MemberFault]
  ) -> [KafkaProperty] {
    guard case .mapping(let entries) = node.content else {
      faults.append(
        MemberFault(
          sentence: "is \(node.shape), but an object of names and values is needed", position: node.position))
      return []
    }
    guard entries.count <= propertyCountLimit else {
      faults.append(
        MemberFault(
          sentence: "has \(entries.count) members; at most \(propertyCountLimit) are allowed",
          position: node.position))
      return []
    }
    var properties: [KafkaProperty] = []
    for entry in entries {
      if properties.contains(where: { $0.name == entry.name }) {
        faults.append(MemberFault(sentence: "has \(quoted(entry.name)) twice", position: entry.position))
        continue
      }
      switch property(entry, from: layer) {
      case .success(let property): properties.append(property)
      case .failure(let fault):
        faults.append(MemberFault(sentence: fault.sentence, position: entry.position))
      }
    }
    return properties
  }

  /// Sentences name the property, never its value: any of them may be a secret.
  private static func property(_ entry: YamlEntry, from layer: Layer) -> Result<KafkaProperty, ValueFault> {
    let name = quoted(entry.name)
    if let refusal = OwnedProperty.refusal(of: entry.name) {
      return .failure(ValueFault("may not have \(name): \(refusal)"))
    }
    let isSecret = OwnedProperty.isSecret(entry.name)
    if isSecret, layer != .environment {
      return .failure(
        ValueFault(
          "may not have \(name) here: a secret comes from kafka.properties_file or from the environment, "
            + "LIPPI_BRIDGE_KAFKA_PROPERTIES={\"\(ShownText.cut(entry.name))\": …}"))
    }
    guard case .scalar(let scalar) = entry.value.content, !entry.value.isNull else {
      return .failure(ValueFault("has no text, number, true or false for \(name)"))
    }
    return .success(KafkaProperty(name: entry.name, value: scalar.text, isSecret: isSecret))
  }
}
