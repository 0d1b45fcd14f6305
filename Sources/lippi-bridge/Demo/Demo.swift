internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import ChatEvents
internal import GatewaySimulator
internal import Glibc
internal import ResultTopic

/// The whole line in one process: Kafka (or its imitation), a gateway simulator, the worker, sample events; outcomes
/// are shown as they come.
struct Demo {
  private static let inputTopic = "lippi-demo-events"
  private static let resultTopic = "lippi-demo-outcomes"
  private static let partitionCount = 3
  /// For brokers to be there and to take what they are given.
  private static let kafkaLimit = TimeSpan.seconds(20)
  /// Longer than the worker's grace period.
  private static let stopLimit = TimeSpan.seconds(30)
  private static let lastOutcomesLimit = TimeSpan.seconds(10)
  private static let pollSpan = TimeSpan.milliseconds(100)

  private let request: DemoRequest
  /// Makes ids and group new at every run.
  private let run: String
  private let isColoured: Bool
  /// Of the whole wait for outcomes.
  private let deadline: MonotonicTime

  init(_ request: DemoRequest) {
    self.request = request
    run = String(UInt32.random(in: .min ... .max), radix: 36)
    isColoured = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
    deadline = WorkerClock.now().monotonic + request.timeout
  }

  func run(until signals: borrowing StopRequests) throws(FatalFault) -> ExitCode {
    guard let servers = request.bootstrapServers else {
      let cluster = try MockCluster()
      try cluster.createTopic(Self.inputTopic, partitionCount: Self.partitionCount)
      try cluster.createTopic(Self.resultTopic, partitionCount: Self.partitionCount)
      return try run(on: cluster.bootstrapServers, delivery: .atLeastOnce, until: signals)
    }
    for topic in [Self.inputTopic, Self.resultTopic] {
      try TopicCreation.createIfMissing(
        topic, partitionCount: Self.partitionCount, replicationFactor: -1, bootstrapServers: servers,
        timeout: Self.kafkaLimit)
    }
    return try run(on: servers, delivery: .exactlyOnce, until: signals)
  }

  private func run(
    on servers: String, delivery: OutcomeDelivery, until signals: borrowing StopRequests
  ) throws(FatalFault) -> ExitCode {
    let simulator = try makeSimulator()
    defer { simulator.stop() }
    let addresses = DemoAddresses(
      servers: servers, isMock: request.bootstrapServers == nil, url: simulator.url)
    var reader = try ResultReader(
      ResultReader.Source(bootstrapServers: servers, topic: Self.resultTopic), timeout: Self.kafkaLimit)
    let worker = try DemoWorker(try configuration(addresses, delivery))
    let sample = DemoEvents(count: request.eventCount, seed: request.seed, run: run)
    for fault in sample.faults where !ControlPost.send(fault, to: "/_fault", url: simulator.url) {
      throw FatalFault(.stuck, "The simulator did not take the fault \(fault).")
    }
    say(addresses.description)
    try publish(sample, servers)
    if !request.isJSON { StandardOutput.write(OutcomeRow.heading + "\n") }
    var display = OutcomeDisplay(
      instance: instance, isJSON: request.isJSON, isColoured: isColoured,
      tally: DemoTally(expecting: sample.events.map(\.id)))
    follow(&reader, worker, signals, addresses, &display)
    say("stopping")
    let code = worker.stop(within: Self.stopLimit)
    // What the worker finished while it stopped; and whether an outcome came twice.
    let isReadToEnd = reader.readToPresentEnd(within: Self.lastOutcomesLimit) { display.show($0) }
    if display.hasNews { say(display.takeSummary()) }
    guard code == .success else { return code }
    guard request.exitsWhenIdle else { return .success }
    var faults = display.tally.faults(allowingRepeats: delivery == .atLeastOnce)
    if !isReadToEnd { faults.append("The result topic could not be read to its end.") }
    for fault in faults { StandardError.write("lippi-bridge demo: \(fault)\n") }
    return faults.isEmpty ? .success : .missingOutcome
  }

  /// Shows outcomes until a signal comes, the worker ends or nothing is left to wait for.
  private func follow(
    _ reader: inout ResultReader, _ worker: DemoWorker, _ signals: borrowing StopRequests,
    _ addresses: DemoAddresses, _ display: inout OutcomeDisplay
  ) {
    var isSummarised = false
    while signals.take().stopCount == 0, !worker.hasEnded {
      _ = reader.next(within: Self.pollSpan) { display.show($0) }
      if display.tally.missingCount == 0, !isSummarised {
        isSummarised = true
        if request.exitsWhenIdle { return }
        say(display.takeSummary())
        say(addresses.nextSteps(input: Self.inputTopic, result: Self.resultTopic))
      }
      if request.exitsWhenIdle, WorkerClock.now().monotonic >= deadline { return }
    }
  }

  // MARK: Parts

  private func makeSimulator() throws(FatalFault) -> GatewaySimulator {
    do throws(SimulatorError) {
      let simulator = try GatewaySimulator(
        options: SimulatorOptions(latencyMilliseconds: 20, seed: request.seed))
      try simulator.start()
      return simulator
    } catch {
      throw FatalFault(.configuration, "The gateway simulator does not start: \(error).")
    }
  }

  /// Outcomes name it: those of another worker on the same topics are not ours.
  private var instance: String { "demo-\(run)" }

  /// What earlier demonstrations left on a real Kafka is not read again.
  private var start: String {
    guard request.bootstrapServers != nil else { return "earliest" }
    var text = ByteBuffer(capacity: 32)
    text.appendTime(WorkerClock.now().wall)
    return text.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func configuration(
    _ addresses: DemoAddresses, _ delivery: OutcomeDelivery
  ) throws(FatalFault) -> Configuration {
    do throws(ConfigurationRefusal) {
      return try Configuration.read(
        ConfigurationSources(
          file: nil, environment: ["LIPPI_BRIDGE_GATEWAY_APP_SECRET": "helloworld"],
          settings: [
            "kafka.bootstrap_servers=\(addresses.servers)", "kafka.group_id=lippi-demo-\(run)",
            "kafka.instance=\(instance)", "input.topic=\(Self.inputTopic)", "input.start=\(start)",
            "outcomes.topic=\(Self.resultTopic)", "outcomes.delivery=\(delivery.rawValue)",
            "outcomes.copy_headers=[\"\(DemoEvents.header)\"]", "gateway.url=\(addresses.url)",
            "gateway.app_key=12345678", "log.level=warning", "admin.listen=127.0.0.1:0",
          ], hostName: "demo", checks: .all))
    } catch {
      throw FatalFault(.configuration, "\(error)")
    }
  }

  private func publish(_ sample: DemoEvents, _ servers: String) throws(FatalFault) {
    let publisher = try RecordPublisher(bootstrapServers: servers, notices: KafkaNotices())
    for event in sample.events {
      try publisher.publish(
        to: Self.inputTopic, key: Array(event.conversation.utf8), value: Array(event.value.utf8),
        headers: [(name: DemoEvents.header, value: Array(event.id.utf8))])
    }
    try publisher.flush(timeout: Self.kafkaLimit)
  }

  /// For people: beside the data, not among it.
  private func say(_ text: String) {
    if request.isJSON { StandardError.write(text + "\n") } else { StandardOutput.write(text + "\n") }
  }
}
