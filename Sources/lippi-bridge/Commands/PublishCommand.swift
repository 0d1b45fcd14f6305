internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import ChatEvents

extension CommandTable {
  static let publish = Command(
    name: "publish",
    summary: "writes events into the input topic",
    explanation:
      "Reads one event per line from stdin and writes each into the input topic as it is, keyed by its conversation "
      + "(sid). Events that the worker would call invalid are written as well, and counted. Servers, topic, rights and "
      + "mapping come from the configuration, or with --bootstrap from the command line alone.",
    options: [
      CommandOption(
        name: "--records", form: .flag,
        summary:
          "lines are records: {\"key\":…,\"headers\":{…},\"value\":\"…\"}, or value_base64; their keys stay"),
      CommandOption(
        name: "--bootstrap", form: .value("SERVERS"),
        summary: "the brokers; without --config and --set no configuration is read then"),
      CommandOption(
        name: "--topic", form: .value("NAME"),
        summary: "the topic; else that of the configuration, else \(PublishCommand.standardTopic)"),
      .configurationFile, .setting,
    ],
    exitCodes: [.badData, .brokerUnreachable, .permissionDenied, .configuration],
    examples: [
      CommandExample(
        line: "lippi-bridge publish --bootstrap localhost:9092 < config/examples/events.jsonl",
        effect: "one event a line")
    ],
    perform: PublishCommand.perform)
}

/// `lippi-bridge publish`.
enum PublishCommand {
  static let standardTopic = "chat-events"
  private static let deliveryLimit = TimeSpan.seconds(60)

  static func perform(_ arguments: CommandArguments) -> ExitCode {
    do {
      return try publish(arguments)
    } catch {
      return CommandFailure.report(error, of: CommandTable.publish)
    }
  }

  private static func publish(_ arguments: CommandArguments) throws -> ExitCode {
    var servers = arguments.value(of: "--bootstrap")
    var topic = arguments.value(of: "--topic")
    var properties: [String: String] = [:]
    var events = EventSettings(topic: "")
    if servers == nil || ConfigurationReading.isAskedFor(arguments) {
      let configuration = try ConfigurationReading.read(arguments)
      servers = servers ?? configuration.kafka.bootstrapServers
      topic = topic ?? configuration.input.topic
      properties = configuration.kafkaSettings.properties
      events = configuration.eventSettings
    }
    let publisher = try RecordPublisher(
      bootstrapServers: servers ?? "", properties: properties, notices: KafkaNotices())
    var lines = PublishedLines(
      topic: topic ?? standardTopic, events: events, areRecords: arguments.isSet("--records"))
    try LineInput.forEachLine { number, line throws(FatalFault) in
      try lines.publish(line, number: number, to: publisher)
    }
    try publisher.flush(timeout: deliveryLimit)
    StandardError.write("lippi-bridge publish: \(lines.summary)\n")
    return lines.refusedCount == 0 ? .success : .badData
  }
}

/// What became of the lines so far.
private struct PublishedLines: ~Copyable {
  private let topic: String
  private let areRecords: Bool
  private var decoder: EventDecoder
  private var reader = JSONReader(depthLimit: RecordLine.depthLimit)
  private var event = ChatEvent()
  private var publishedCount = 0
  private var invalidCount = 0
  private(set) var refusedCount = 0

  init(topic: String, events: EventSettings, areRecords: Bool) {
    self.topic = topic
    self.areRecords = areRecords
    decoder = EventDecoder(settings: events, laneSeed: 0)
  }

  var summary: String {
    let invalid = invalidCount == 0 ? "" : ", \(invalidCount) of them invalid (lippi-bridge convert says why)"
    let refused = refusedCount == 0 ? "" : "; \(refusedCount) lines are no records"
    return "\(publishedCount) events are in \(topic)\(invalid)\(refused)"
  }

  mutating func publish(
    _ line: UnsafeRawBufferPointer, number: Int, to publisher: borrowing RecordPublisher
  ) throws(FatalFault) {
    guard areRecords else {
      let record = RecordView(partition: 0, offset: 0, timestamp: nil, key: nil, value: line)
      decode(record)
      return try send(key: sid, value: Array(line), headers: [], to: publisher)
    }
    let record: RecordLine
    do throws(RecordLine.Fault) { record = try RecordLine(line, &reader) } catch {
      refusedCount += 1
      return StandardError.write("lippi-bridge publish: line \(number) \(error.sentence)\n")
    }
    record.withView { decode($0) }
    let headers = record.headers.map {
      (name: String(decoding: $0.name, as: UTF8.self), value: $0.value ?? [])
    }
    try send(key: record.key ?? sid, value: record.value, headers: headers, to: publisher)
  }

  private mutating func decode(_ record: RecordView) {
    event.reset()
    decoder.decode(record, into: &event)
    if !event.isValid { invalidCount += 1 }
  }

  /// Nil if the conversation cannot be read.
  private var sid: [UInt8]? {
    event.message.sid.isPresent ? event.text.withBytes(of: event.message.sid) { Array($0) } : nil
  }

  private mutating func send(
    key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8])],
    to publisher: borrowing RecordPublisher
  ) throws(FatalFault) {
    try publisher.publish(to: topic, key: key, value: value, headers: headers)
    publishedCount += 1
  }
}
