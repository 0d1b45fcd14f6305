/// From a node to a value of a key's kind. Faults are sentence parts that follow the key's name.
enum ValueReading {
  static let textByteLimit = 4_096
  /// Kafka's own.
  static let topicByteLimit = 249

  /// A list or an object may have several faults, each where it stands; a single value has one.
  static func value(
    of node: YamlNode, as kind: ValueKind, from layer: Layer, _ faults: inout [MemberFault]
  ) -> SettledValue? {
    let faultCountBefore = faults.count
    switch kind {
    case .list(let countLimit):
      let texts = list(node, countLimit: countLimit, &faults)
      return faults.count == faultCountBefore ? .list(texts) : nil
    case .properties:
      let properties = properties(node, from: layer, &faults)
      return faults.count == faultCountBefore ? .properties(properties) : nil
    case .mapping:
      let mapping = mapping(node, &faults)
      return .mapping(mapping)
    case .rules(let countLimit):
      let rules = rules(node, countLimit: countLimit, &faults)
      return .rules(rules)
    case .text, .topic, .url, .proxy, .listen, .integer, .share, .duration, .size, .flag, .choice, .start,
      .secretFile, .file:
      do throws(ValueFault) {
        guard case .scalar(let scalar) = node.content else {
          throw ValueFault("is \(node.shape); \(allowed(kind))")
        }
        return try value(of: scalar, as: kind)
      } catch {
        faults.append(MemberFault(sentence: error.sentence, position: node.position))
        return nil
      }
    }
  }

  private static func value(
    of scalar: YamlScalar, as kind: ValueKind
  ) throws(ValueFault) -> SettledValue {
    let text = scalar.text
    let shown = quoted(text)
    guard text.utf8.count <= textByteLimit else {
      throw ValueFault("is longer than \(textByteLimit) bytes")
    }
    guard !text.isBlank else { throw ValueFault("is empty; \(allowed(kind))") }
    switch kind {
    case .text, .secretFile, .file:
      guard !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
        throw ValueFault("has a control character in it")
      }
      return .text(text)
    case .topic:
      guard text.utf8.count <= topicByteLimit, text != ".", text != "..",
        text.utf8.allSatisfy(isTopicCharacter)
      else { throw ValueFault("is \(shown); \(allowed(kind))") }
      return .text(text)
    case .url:
      if let fault = urlFault(text) { throw ValueFault("is \(shown), \(fault); \(allowed(kind))") }
      return .text(text)
    case .proxy:
      if let fault = proxyFault(text) { throw ValueFault("is \(fault); \(allowed(kind))") }
      return .text(text)
    case .listen:
      guard text == "off" || ListenSetting(text) != nil else {
        throw ValueFault("is \(shown); \(allowed(kind))")
      }
      return .text(text)
    case .integer(let range):
      guard scalar.form != .quoted, isInteger(text) else {
        throw ValueFault("is \(shown); \(allowed(kind))")
      }
      guard let number = Int64(text), range.contains(number) else {
        throw ValueFault("is \(ShownText.cut(text)); \(allowed(kind))")
      }
      return .number(number)
    case .share:
      guard scalar.form != .quoted, let number = ShareText.thousandths(text) else {
        throw ValueFault("is \(shown); \(allowed(kind))")
      }
      return .number(number)
    case .duration(let range):
      // Of nothing the unit does not matter.
      if text == "0", range.contains(0) { return .number(0) }
      return .number(
        try measured(text, range, show: DurationText.text) { text throws(ValueFault) in
          try DurationText.milliseconds(text)
        })
    case .size(let range):
      return .number(
        try measured(text, range, show: SizeText.text) { text throws(ValueFault) in
          try SizeText.bytes(text)
        })
    case .flag:
      guard scalar.form != .quoted, text == "true" || text == "false" else {
        throw ValueFault("is \(shown); \(allowed(kind))\(flagSuggestion(text))")
      }
      return .flag(text == "true")
    case .choice(let words):
      guard words.contains(text) else {
        let meant = Suggestion.nearest(to: text, among: words).map { "; did you mean \($0)?" } ?? ""
        throw ValueFault("is \(shown); \(allowed(kind))\(meant)")
      }
      return .text(text)
    case .start:
      switch text {
      case "earliest": return .start(.earliest, written: text)
      case "latest": return .start(.latest, written: text)
      default:
        // Kafka takes negative times for something else.
        guard let time = TimeText.epochMilliseconds(text), time >= 0 else {
          let meant = Suggestion.nearest(to: text, among: ["earliest", "latest"])
          throw ValueFault("is \(shown); \(allowed(kind))\(meant.map { "; did you mean \($0)?" } ?? "")")
        }
        return .start(.time(epochMilliseconds: time), written: text)
      }
    case .list, .properties, .rules, .mapping:
      throw ValueFault("is a single value, but \(allowed(kind))")
    }
  }

  /// What may stand there, as the end of a sentence.
  static func allowed(_ kind: ValueKind) -> String {
    switch kind {
    case .text: "a text is needed"
    case .topic: "a topic's name has 1 to \(topicByteLimit) of the characters A-Z a-z 0-9 . _ -"
    case .url: "a URL is needed, like https://gw.api.taobao.com/router/rest"
    case .proxy: "a proxy is needed, like http://proxy:3128, socks5://proxy:1080 or socks5h://proxy:1080"
    case .listen: "an address with a port is needed, like 127.0.0.1:9464 or [::1]:0, or off"
    case .integer(Int64.min...Int64.max): "a whole number is needed"
    case .integer(let range): "allowed are whole numbers from \(range.lowerBound) to \(range.upperBound)"
    case .share: "allowed are shares from 0.001 to 1"
    case .duration(let range):
      "allowed is a duration from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))"
    case .size(let range):
      "allowed is a size from \(SizeText.text(range.lowerBound)) to \(SizeText.text(range.upperBound))"
    case .flag: "allowed are true and false"
    case .choice(let words): "allowed are \(words.joined(separator: ", "))"
    case .list: "a list of texts is needed"
    case .properties: "an object of names and values is needed"
    case .rules: "a list of rules is needed"
    case .mapping: "an object of members and their sources is needed"
    case .start: "allowed are earliest, latest and a time like 2025-01-31T08:00:00Z"
    case .secretFile, .file: "the path of a file is needed"
    }
  }

  private static func measured(
    _ text: String, _ range: ClosedRange<Int64>, show: (Int64) -> String,
    _ read: (String) throws(ValueFault) -> Int64
  ) throws(ValueFault) -> Int64 {
    let value: Int64
    do { value = try read(text) } catch { throw ValueFault("is \(quoted(text)), which \(error.sentence)") }
    guard range.contains(value) else {
      throw ValueFault("is \(text); allowed are \(show(range.lowerBound)) to \(show(range.upperBound))")
    }
    return value
  }

  private static func isInteger(_ text: String) -> Bool {
    let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
    return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func isTopicCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func flagSuggestion(_ text: String) -> String {
    switch text.lowercased() {
    case "true", "yes", "on", "1", "y": "; did you mean true?"
    case "false", "no", "off", "0", "n": "; did you mean false?"
    default: ""
    }
  }

  private static func urlFault(_ text: String) -> String? {
    guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else {
      return "which does not begin with http:// or https://"
    }
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      return "which has a character that must be percent-encoded"
    }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if authority.contains("@") { return "which has a user in it" }
    if authority.isEmpty || authority.first == ":" { return "which has no host" }
    if rest.contains("?") || rest.contains("#") { return "which has a query or a fragment" }
    if let port = portText(authority), UInt16(port) == nil { return "which has no valid port" }
    return nil
  }

  /// Never shows the text: people put passwords there.
  private static func proxyFault(_ text: String) -> String? {
    guard let scheme = ["http://", "socks5://", "socks5h://"].first(where: { text.hasPrefix($0) }) else {
      return "a text which does not begin with http://, socks5:// or socks5h://"
    }
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      return "a text which has a character that must be percent-encoded"
    }
    let authority = text.dropFirst(scheme.count)
    if authority.contains("@") {
      return "a proxy with a user in it, who belongs into gateway.proxy_user and gateway.proxy_password_file"
    }
    if authority.contains(where: { "/?#".contains($0) }) { return "a proxy with something behind its port" }
    if authority.isEmpty || authority.first == ":" { return "a proxy which has no host" }
    guard let port = portText(authority).flatMap({ UInt16($0) }), port > 0 else {
      return "a proxy which has no valid port"
    }
    return nil
  }

  private static func portText(_ authority: Substring) -> Substring? {
    let afterHost = authority.first == "[" ? authority.drop { $0 != "]" } : authority
    guard let colon = afterHost.firstIndex(of: ":") else { return nil }
    return afterHost[afterHost.index(after: colon)...]
  }
}
