package import BridgeCore

/// Everything the Kafka side is told from outside.
package struct KafkaSettings: Sendable {
  /// How outcomes and offsets become durable.
  package enum Guarantee: Sendable, Equatable {
    /// One transaction for both.
    case exactlyOnce
    /// An idempotent producer, then a plain offset commit: for clusters without transactions.
    case atLeastOnce
  }

  /// What the group knows this member by.
  package enum Membership: Sendable, Equatable {
    /// A new member id at every start.
    case dynamic
    /// `instance`: a restart within the session keeps the partitions.
    case fixed
  }

  /// Where a partition begins that the group has never committed.
  package enum StartPosition: Sendable, Equatable {
    case earliest
    case latest
    /// The first record that is not older.
    case time(WallTime)
  }

  package var bootstrapServers: String
  package var groupID: String
  /// Unique in the group; with it the transactional id is `<groupID>-<instance>`.
  package var instance: String
  package var inputTopic: String
  package var resultTopic: String
  package var guarantee: Guarantee = .exactlyOnce
  package var membership: Membership = .dynamic
  /// Nil if `input.start` is not configured.
  package var start: StartPosition? = nil
  /// How long brokers may stay away when the process starts.
  package var startupTimeout: TimeSpan = .seconds(30)
  /// Records wait this long for company in one request of the producer.
  package var linger: TimeSpan = .milliseconds(5)
  /// The header `ce_source` of this group's outcomes.
  package var outcomeSource: String
  /// Any property of librdkafka, except those in `ownedProperties`.
  package var properties: [String: String] = [:]

  package init(
    bootstrapServers: String, groupID: String, instance: String, inputTopic: String, resultTopic: String
  ) {
    self.bootstrapServers = bootstrapServers
    self.groupID = groupID
    self.instance = instance
    self.inputTopic = inputTopic
    self.resultTopic = resultTopic
    outcomeSource = "/lippi-bridge/\(groupID)"
  }

  /// Properties that the promise of delivery hangs on, or that a key of the configuration sets. The configuration
  /// refuses the same ones with a sentence each.
  package static let ownedProperties: Set<String> = [
    "acks", "allow.auto.create.topics", "auto.commit.enable", "auto.commit.interval.ms", "auto.offset.reset",
    "bootstrap.servers", "builtin.features", "check.crcs", "delivery.report.only.error",
    "delivery.timeout.ms", "enable.auto.commit", "enable.auto.offset.store", "enable.gapless.guarantee",
    "enable.idempotence", "enable.partition.eof", "enabled_events", "group.id", "group.instance.id",
    "group.protocol", "group.remote.assignor", "heartbeat.interval.ms", "interceptors", "isolation.level",
    "log.queue", "log_level", "max.in.flight", "max.in.flight.requests.per.connection",
    "max.poll.interval.ms", "message.send.max.retries", "message.timeout.ms", "metadata.broker.list",
    "offset.store.method", "offset.store.path", "offset.store.sync.interval.ms", "opaque",
    "partition.assignment.strategy", "partitioner", "plugin.library.paths", "produce.offset.report",
    "queuing.strategy", "request.required.acks", "retries", "session.timeout.ms", "test.mock.num.brokers",
    "transaction.timeout.ms", "transactional.id",
  ]

  /// Names in `properties` that may not be set, in order.
  package var refusedProperties: [String] {
    properties.keys.filter { Self.ownedProperties.contains($0) }.sorted()
  }

  package var transactionalID: String { "\(groupID)-\(instance)" }
}

/// Times that rules depend on.
package enum KafkaTimes {
  package static let sessionTimeout = TimeSpan.seconds(15)
  package static let heartbeatInterval = TimeSpan.seconds(1)
  /// The loop asks for membership events at least this often, or the group gives its partitions away.
  package static let pollIntervalLimit = TimeSpan.seconds(60)
  package static let transactionTimeout = TimeSpan.seconds(15)
  /// A question to Kafka is asked in slices of this length, so that a newer one does not wait for an old one.
  static let slice = TimeSpan.seconds(2)
  static let producerRequestTimeout = TimeSpan.seconds(3)
}
