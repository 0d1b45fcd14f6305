import BridgeCore
import CRdKafka

extension KafkaSettings {
  /// The member of the group.
  borrowing func makeConsumer(
    _ readAhead: ReadAhead, observer: ClientObserver
  ) throws(FatalFault) -> ClientHandle {
    let configuration = ClientConfiguration()
    try setConnection(on: configuration)
    try setAll(
      on: configuration,
      [
        ("fetch.message.max.bytes", "262144"),
        ("fetch.wait.max.ms", "100"),
        ("check.crcs", "true"),
      ])
    try setAll(on: configuration, readAhead.properties())
    try setOwnProperties(on: configuration)
    try setGroup(on: configuration)
    try setAll(
      on: configuration,
      [
        ("auto.offset.reset", "error"),
        ("enable.partition.eof", "true"),
        ("partition.assignment.strategy", assignment.rawValue),
        ("session.timeout.ms", "\(KafkaTimes.sessionTimeout.milliseconds)"),
        ("heartbeat.interval.ms", "\(KafkaTimes.heartbeatInterval.milliseconds)"),
        ("max.poll.interval.ms", "\(KafkaTimes.pollIntervalLimit.milliseconds)"),
      ])
    if membership == .fixed { try configuration.set("group.instance.id", instance) }
    rd_kafka_conf_set_events(
      configuration.raw,
      RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_REBALANCE
        | RD_KAFKA_EVENT_OFFSET_COMMIT)
    return try configuration.makeClient(RD_KAFKA_CONSUMER, observer: observer)
  }

  /// A reader of offsets that never joins the group.
  borrowing func makeInquirer(observer: ClientObserver) throws(FatalFault) -> ClientHandle {
    let configuration = ClientConfiguration()
    try setConnection(on: configuration)
    try configuration.set("socket.timeout.ms", "\(KafkaTimes.producerRequestTimeout.milliseconds)")
    // The start waits for a fetch at the end of a partition, which brokers answer after this time.
    try configuration.set("fetch.wait.max.ms", "10")
    try setOwnProperties(on: configuration)
    try setGroup(on: configuration)
    try configuration.set("enable.partition.eof", "true")
    rd_kafka_conf_set_events(configuration.raw, RD_KAFKA_EVENT_ERROR)
    return try configuration.makeClient(RD_KAFKA_CONSUMER, observer: observer)
  }

  /// The producer of outcomes.
  borrowing func makeProducer(observer: ClientObserver) throws(FatalFault) -> ClientHandle {
    let configuration = ClientConfiguration()
    try setConnection(on: configuration)
    try setAll(
      on: configuration,
      [
        ("socket.timeout.ms", "\(KafkaTimes.producerRequestTimeout.milliseconds)"),
        ("retry.backoff.ms", "10"),
        ("linger.ms", "\(linger.milliseconds)"),
        ("compression.codec", "lz4"),
      ])
    try setOwnProperties(on: configuration)
    try setAll(
      on: configuration, [("enable.idempotence", "true"), ("delivery.report.only.error", "true")])
    switch guarantee {
    case .exactlyOnce:
      try configuration.set("transactional.id", transactionalID)
      try configuration.set(
        "transaction.timeout.ms", "\(KafkaTimes.transactionTimeout.milliseconds)")
    case .atLeastOnce:
      try configuration.set("message.timeout.ms", "30000")
    }
    observer.attachDeliveryReports(to: configuration.raw)
    observer.attachErrorReports(to: configuration.raw)
    return try configuration.makeClient(RD_KAFKA_PRODUCER, observer: observer)
  }

  private borrowing func setConnection(on configuration: borrowing ClientConfiguration) throws(FatalFault) {
    try setAll(
      on: configuration,
      [
        ("client.id", "lippi-bridge"),
        ("socket.nagle.disable", "true"),
        ("reconnect.backoff.max.ms", "2000"),
      ])
  }

  private borrowing func setOwnProperties(on configuration: borrowing ClientConfiguration)
    throws(FatalFault)
  {
    if let refused = refusedProperties.first {
      throw FatalFault(
        .configuration, "Kafka property \(refused) is set by the bridge; remove it from kafka.properties.")
    }
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
      try configuration.set(name, value)
    }
    try configuration.set("bootstrap.servers", bootstrapServers)
  }

  private borrowing func setGroup(on configuration: borrowing ClientConfiguration) throws(FatalFault) {
    try setAll(
      on: configuration,
      [
        ("group.id", groupID),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("isolation.level", "read_committed"),
      ])
  }

  private borrowing func setAll(
    on configuration: borrowing ClientConfiguration, _ properties: [(String, String)]
  ) throws(FatalFault) {
    for (name, value) in properties { try configuration.set(name, value) }
  }
}
