/// What a value may be, in the words of help, reference page and example file.
extension ValueKind {
  package var typeName: String {
    switch self {
    case .text: "text"
    case .topic: "topic"
    case .url: "URL"
    case .proxy: "proxy"
    case .listen: "address"
    case .integer: "whole number"
    case .share: "share"
    case .duration: "duration"
    case .size: "size"
    case .flag: "flag"
    case .choice: "choice"
    case .list: "list"
    case .properties: "object"
    case .rules: "list of rules"
    case .mapping: "mapping"
    case .start: "start"
    case .secretFile: "file with a secret"
    case .file: "file"
    }
  }

  /// The limits, as a noun phrase; nil where the type alone says it all.
  package var allowedValues: String? {
    switch self {
    case .text, .file: nil
    case .topic: "1 to \(ValueReading.topicByteLimit) of A-Z a-z 0-9 . _ -"
    case .url: "http:// or https://, without user, query or fragment"
    case .listen: "host:port, where port 0 takes a free one; off"
    case .proxy: "http://, socks5:// or socks5h:// with host and port"
    case .integer(Int64.min...Int64.max): nil
    case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
    case .share: "0.001 to 1"
    case .duration(let range):
      "\(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))"
    case .size(let range): "\(SizeText.text(range.lowerBound)) to \(SizeText.text(range.upperBound))"
    case .flag: "true, false"
    case .choice(let words): words.joined(separator: ", ")
    case .list(let countLimit): "at most \(countLimit) texts"
    case .properties: "names and values of librdkafka"
    case .rules(let countLimit): "at most \(countLimit) rules"
    case .mapping: "members, each with a source"
    case .start: "earliest, latest, an RFC 3339 time"
    case .secretFile: "one line; its end is not part of the secret"
    }
  }

  /// The units that a number of this kind is written with.
  package var units: [String] {
    switch self {
    case .duration: DurationText.units.map(\.name)
    case .size: SizeText.units.map(\.name)
    case .text, .topic, .url, .proxy, .listen, .integer, .share, .flag, .choice, .list, .properties, .rules,
      .mapping, .start,
      .secretFile,
      .file:
      []
    }
  }
}
