internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import ChatEvents
internal import Dispatch
internal import GatewaySimulator
internal import Glibc
internal import Synchronization

/// The whole line in one process: Kafka (or its imitation), a gateway simulator, the worker, sample events; outcomes
/// are shown as they come.
struct Demo {
  private static let inputTopic = "lippi-demo-events"
  private static let resultTopic = "lippi-demo-outcomes"
  private static let partitionCount = 3
  /// Longer than the worker's grace period.
  private static let stopLimit = TimeSpan.seconds(30)
  private static let pollSpan = TimeSpan.milliseconds(100)

  private let request: DemoRequest
  /// Makes ids and group new at every run.
  private let run: String
  private let isColoured: Bool

  init(_ request: DemoRequest) {
    self.request = request
    run = String(UInt32.random(in: .min ... .max), radix: 36)
    isColoured = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
  }

  func run(until signals: borrowing StopRequests) throws(FatalFault) -> ExitCode {
    guard let servers = request.bootstrapServers else {
      let cluster = try MockCluster()
      try cluster.createTopic(Self.inputTopic, partitionCount: Self.partitionCount)
      try cluster.createTopic(Self.resultTopic, partitionCount: Self.partitionCount)
      return try run(on: cluster.bootstrapServers, delivery: .atLeastOnce, until: signals)
    }
    try createTopic(Self.inputTopic, servers)
    try createTopic(Self.resultTopic, servers)
    return try run(on: servers, delivery: .exactlyOnce, until: signals)
  }

  private func createTopic(_ name: String, _ servers: String) throws(FatalFault) {
    do throws(FatalFault) {
      try TopicCreation.create(name, partitionCount: Self.partitionCount, bootstrapServers: servers)
    } catch  where error.message.contains("exists") {
      // From an earlier demonstration.
    }
  }

  private func run(
    on servers: String, delivery: OutcomeDelivery, until signals: borrowing StopRequests
  ) throws(FatalFault) -> ExitCode {
    let simulator = try makeSimulator()
    defer { simulator.stop() }
    let reader = try ResultReader(
      topic: Self.resultTopic, partitionCount: Self.partitionCount, bootstrapServers: servers,
      timeout: .seconds(20))
    let worker = try DemoWorker(try configuration(servers, simulator.url, delivery))
    let sample = DemoEvents(count: request.eventCount, seed: request.seed, run: run)
    for fault in sample.faults where !ControlPost.send(fault, to: "/_fault", url: simulator.url) {
      throw FatalFault(.stuck, "The simulator did not take the fault \(fault).")
    }
    say(
      "Kafka \(servers)\(request.bootstrapServers == nil ? " (mock, in this process)" : ""), gateway \(simulator.url)"
    )
    try publish(sample, servers)
    if !request.isJSON { StandardOutput.write(OutcomeRow.heading + "\n") }
    var tally = DemoTally(expectedCount: request.eventCount)
    let isComplete = follow(reader, worker, signals, servers, simulator.url, &tally)
    say("stopping")
    let code = worker.stop(within: Self.stopLimit)
    guard code == .success else { return code }
    guard request.exitsWhenIdle, !isComplete else { return .success }
    say(
      "\(tally.missingCount) of \(request.eventCount) events have no outcome after \(request.timeout.milliseconds / 1_000) s"
    )
    return .missingOutcome
  }

  /// Shows outcomes until a signal comes, or nothing is left to wait for. True if every event has its outcome.
  private func follow(
    _ reader: borrowing ResultReader, _ worker: DemoWorker, _ signals: borrowing StopRequests,
    _ servers: String,
    _ url: String, _ tally: inout DemoTally
  ) -> Bool {
    var json = JSONReader(depthLimit: 32)
    let deadline = WorkerClock.now().monotonic + request.timeout
    var isSummarised = false
    while signals.take() == 0, !worker.hasEnded {
      _ = reader.next(within: Self.pollSpan) { value in
        guard let row = OutcomeRow(value, &json) else { return }
        tally.count(row)
        StandardOutput.write(
          (request.isJSON ? String(decoding: value, as: UTF8.self) : row.line(isColoured: isColoured)) + "\n")
      }
      if tally.missingCount == 0, !isSummarised {
        isSummarised = true
        say(tally.summary)
        if request.exitsWhenIdle { return true }
        say(nextSteps(servers, url))
      }
      if request.exitsWhenIdle, WorkerClock.now().monotonic >= deadline { return false }
    }
    return tally.missingCount == 0
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

  /// What earlier demonstrations left on a real Kafka is not read again.
  private var start: String {
    guard request.bootstrapServers != nil else { return "earliest" }
    var text = ByteBuffer(capacity: 32)
    text.appendTime(WorkerClock.now().wall)
    return text.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func configuration(
    _ servers: String, _ url: String, _ delivery: OutcomeDelivery
  ) throws(FatalFault) -> Configuration {
    do throws(ConfigurationRefusal) {
      return try Configuration.read(
        ConfigurationSources(
          file: nil, environment: ["LIPPI_BRIDGE_GATEWAY_APP_SECRET": "helloworld"],
          settings: [
            "kafka.bootstrap_servers=\(servers)", "kafka.group_id=lippi-demo-\(run)",
            "input.topic=\(Self.inputTopic)",
            "input.start=\(start)", "outcomes.topic=\(Self.resultTopic)",
            "outcomes.delivery=\(delivery.rawValue)",
            "gateway.url=\(url)", "gateway.app_key=12345678", "log.level=warning",
          ], hostName: "demo"))
    } catch {
      throw FatalFault(.configuration, "\(error)")
    }
  }

  private func publish(_ sample: DemoEvents, _ servers: String) throws(FatalFault) {
    let publisher = try RecordPublisher(bootstrapServers: servers, notices: KafkaNotices())
    for event in sample.events {
      try publisher.publish(
        to: Self.inputTopic, key: Array(event.conversation.utf8), value: Array(event.value.utf8))
    }
    try publisher.flush(timeout: .seconds(20))
  }

  /// For people: beside the data, not among it.
  private func say(_ text: String) {
    if request.isJSON { StandardError.write(text + "\n") } else { StandardOutput.write(text + "\n") }
  }

  private func nextSteps(_ servers: String, _ url: String) -> String {
    let base = url.dropLast("/router/rest".count)
    return """

      The line goes on until Ctrl-C. Try, in another terminal:
        send an event    echo 's1:{"message_id":"mine","sid":"s1","session_source":"demo","bu_id":"100","content_type":"text","content":"hello"}' | kcat -P -b \(servers) -t \(Self.inputTopic) -K:
        refuse the next  curl -d '{"kind":"answer","code":50,"sub_code":"isv.invalid-parameter","count":1,"delivered":false}' \(base)/_fault
        ban for 10 s     curl -d '{"kind":"ban","seconds":10}' \(base)/_fault
        gateway's view   curl \(base)/_stats
      """
  }
}

/// Counts what came.
struct DemoTally {
  let expectedCount: Int
  private var seen: Set<String> = []
  private var countByOutcome: [String: Int] = [:]
  private var milliseconds: [Int] = []

  init(expectedCount: Int) { self.expectedCount = expectedCount }

  var missingCount: Int { max(0, expectedCount - seen.count) }

  mutating func count(_ row: OutcomeRow) {
    guard seen.insert(row.source).inserted else { return }
    countByOutcome[row.outcome, default: 0] += 1
    if let spent = row.milliseconds { milliseconds.append(spent) }
  }

  var summary: String {
    let counts = countByOutcome.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(
      separator: ", ")
    let sorted = milliseconds.sorted()
    guard !sorted.isEmpty else { return counts }
    let median = sorted[sorted.count / 2]
    let high = sorted[sorted.count * 95 / 100]
    return "\(seen.count) events: \(counts); from event to outcome \(median) ms (median), \(high) ms (95 %)"
  }
}

/// The worker on a thread of its own.
final class DemoWorker: Sendable {
  private let stopRequest: StopRequests
  private let ended = DispatchSemaphore(value: 0)
  private let exitCode = Mutex<ExitCode?>(nil)

  init(_ configuration: Configuration) throws(FatalFault) {
    stopRequest = try StopRequests.byThread()
    DispatchQueue(label: "worker").async { [self] in
      let code = runWorker(configuration, until: stopRequest)
      exitCode.withLock { $0 = code }
      ended.signal()
    }
  }

  var hasEnded: Bool { exitCode.withLock { $0 != nil } }

  /// The worker's exit code; `drainMissed` if it does not end.
  func stop(within limit: TimeSpan) -> ExitCode {
    stopRequest.raise()
    guard ended.wait(timeout: .now() + .milliseconds(Int(limit.milliseconds))) == .success else {
      return .drainMissed
    }
    return exitCode.withLock { $0 } ?? .drainMissed
  }
}
