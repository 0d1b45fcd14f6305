/// One row of the key table: everything that reader, example file and help know about a setting.
package struct ConfigurationKey: Sendable {
  /// With dots: `gateway.request_timeout`.
  package let name: String
  package let kind: ValueKind
  package let standard: StandardValue
  /// One or more sentences for the person who sets it.
  package let explanation: String

  init(_ name: String, _ kind: ValueKind, _ standard: StandardValue, _ explanation: String) {
    self.name = name
    self.kind = kind
    self.standard = standard
    self.explanation = explanation
  }

  /// The environment variable that sets this key.
  package var variable: String { ConfigurationKey.variablePrefix + name.replacingDots().uppercased() }

  package static let variablePrefix = "LIPPI_BRIDGE_"

  /// `gateway` of `gateway.url`.
  package var section: String { name.section }

  /// The secret that the file named by this key holds: `gateway.app_secret` of `gateway.app_secret_file`.
  package var secretName: String? {
    switch kind {
    case .secretFile: String(name.dropLast("_file".count))
    case .text, .topic, .url, .proxy, .listen, .integer, .share, .duration, .size, .flag, .choice, .list,
      .properties, .rules,
      .mapping, .start, .file:
      nil
    }
  }

  /// The variable that may hold the secret itself.
  package var secretVariable: String? {
    secretName.map { ConfigurationKey.variablePrefix + $0.replacingDots().uppercased() }
  }
}

/// What stands when nobody sets the key.
package enum StandardValue: Sendable {
  /// As it would be written after `--set name=`.
  case value(String)
  /// The name of this host.
  case hostName
  /// Nothing; the example shows what could be set.
  case none(example: String)
  /// There has to be one.
  case required(example: String)
}

/// The type of a value, with its limits.
package enum ValueKind: Sendable {
  /// Not blank.
  case text
  /// A name that Kafka accepts for a topic.
  case topic
  /// `http` or `https`, with a host, without user, query or fragment.
  case url
  /// `http`, `socks5` or `socks5h`, with host and port and nothing else.
  case proxy
  /// `off`, or an address of this host with a port; port 0 takes a free one.
  case listen
  case integer(ClosedRange<Int64>)
  /// More than 0, at most 1; settled as parts in 1 000.
  case share
  /// Milliseconds.
  case duration(ClosedRange<Int64>)
  /// Bytes.
  case size(ClosedRange<Int64>)
  case flag
  case choice([String])
  /// Texts.
  case list(countLimit: Int)
  /// Properties of librdkafka, name to value.
  case properties
  /// Objects of names and texts, each a rule.
  case rules(countLimit: Int)
  /// Members, each with the source of its value.
  case mapping
  /// `earliest`, `latest` or an RFC 3339 time.
  case start
  /// The path of a file whose content is a secret.
  case secretFile
  /// The path of a file.
  case file
}

extension String {
  /// Everything before the last dot; empty for a name without one.
  var section: String {
    guard let dot = utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
    return String(self[..<dot])
  }

  /// Everything behind the last dot.
  var lastWord: String {
    guard let dot = utf8.lastIndex(of: UInt8(ascii: ".")) else { return self }
    return String(self[index(after: dot)...])
  }

  func replacingDots() -> String { String(map { $0 == "." ? "_" : $0 }) }

  var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}
