/// Properties of librdkafka that `kafka.properties` may not set, because the delivery promise rests on them or
/// because a key of ours sets them.
package enum OwnedProperty {
  /// What to say about a property that is refused; `nil` for one that may be set.
  package static func refusal(of name: String) -> String? {
    if let key = replacements[name] { return "set \(key) instead" }
    if fixed.contains(name) || name.hasSuffix(callbackEnding) { return "the bridge sets it itself" }
    return nil
  }

  /// Properties that hold a secret and have no key: accepted from the environment and from a properties file only,
  /// never shown.
  static func isSecret(_ name: String) -> Bool {
    secretEndings.contains { name.hasSuffix($0) } || name == secretName
  }

  /// All refused names, sorted; a name that ends as a callback does is refused, too.
  package static var refusedNames: [String] { (Array(replacements.keys) + Array(fixed)).sorted() }
  /// Refused, but given to the client by the keys that replace them.
  package static let passwords: Set<String> = ["sasl.password", "ssl.key.password"]

  static var refusedPattern: String { "\(callbackEnding)$" }
  static var secretPattern: String {
    let endings = secretEndings.map { $0.replacing(".", with: "\\.") }.joined(separator: "|")
    return "(\(endings))$|^\(secretName.replacing(".", with: "\\."))$"
  }

  private static let callbackEnding = "_cb"
  private static let secretEndings = ["password", "passphrase", ".secret", ".pem"]
  private static let secretName = "sasl.oauthbearer.config"

  private static let replacements: [String: String] = [
    "bootstrap.servers": "kafka.bootstrap_servers",
    "metadata.broker.list": "kafka.bootstrap_servers",
    "group.id": "kafka.group_id",
    "group.instance.id": "kafka.instance and kafka.static_membership",
    "partition.assignment.strategy": "kafka.assignment",
    "transactional.id": "kafka.group_id and kafka.instance",
    "auto.offset.reset": "input.start",
    "sasl.password": "kafka.sasl_password_file or LIPPI_BRIDGE_KAFKA_SASL_PASSWORD",
    "ssl.key.password": "kafka.ssl_key_password_file or LIPPI_BRIDGE_KAFKA_SSL_KEY_PASSWORD",
  ]

  private static let fixed: Set<String> = [
    "acks", "request.required.acks", "enable.idempotence", "transaction.timeout.ms", "isolation.level",
    "enable.auto.commit", "auto.commit.enable", "auto.commit.interval.ms", "enable.auto.offset.store",
    "enable.partition.eof", "check.crcs", "group.protocol",
    "group.remote.assignor", "session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms",
    "delivery.report.only.error", "message.send.max.retries", "retries", "message.timeout.ms",
    "delivery.timeout.ms", "max.in.flight", "max.in.flight.requests.per.connection",
    "enable.gapless.guarantee", "partitioner", "enabled_events", "opaque", "log.queue", "log_level",
    "interceptors", "plugin.library.paths", "test.mock.num.brokers", "builtin.features",
    "allow.auto.create.topics", "queuing.strategy", "produce.offset.report", "offset.store.method",
    "offset.store.path", "offset.store.sync.interval.ms",
  ]
}
