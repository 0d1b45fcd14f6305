internal import BridgeCore
internal import BridgeKafka
internal import Glibc
internal import ResultTopic

/// Shows the outcomes of a result topic.
struct Results {
  private static let pollSpan = TimeSpan.milliseconds(100)
  /// Reading to the end is given up when nothing comes for that long.
  private static let silenceLimit = TimeSpan.seconds(30)
  /// Records between two looks at signals.
  private static let lookInterval = 256

  private let request: ResultsRequest

  init(_ request: ResultsRequest) { self.request = request }

  func run(until signals: borrowing StopRequests) throws(FatalFault) -> ExitCode {
    var display = ResultsDisplay(request)
    display.begin()
    var reader = try ResultReader(
      request.source, from: request.filter.firstRecordTime.map { .time($0) } ?? .beginning,
      timeout: request.timeout)
    let failure = follow(&reader, signals, &display)
    display.end()
    if let failure { throw failure }
    return .success
  }

  /// Nil if everything wanted was shown, or somebody asked to stop.
  private func follow(
    _ reader: inout ResultReader, _ signals: borrowing StopRequests, _ display: inout ResultsDisplay
  ) -> FatalFault? {
    var recordCount = 0
    var heardAt = WorkerClock.now().monotonic
    var heardCount = 0
    while request.follows || !reader.hasReadToFirstEnd {
      if reader.next(within: Self.pollSpan, { display.show($0) }) {
        recordCount += 1
        guard recordCount % Self.lookInterval == 0 else { continue }
      } else {
        display.flush()
        if let failure = reader.failure { return failure }
        let now = WorkerClock.now().monotonic
        if recordCount > heardCount { (heardAt, heardCount) = (now, recordCount) }
        if !request.follows, !reader.hasReadToFirstEnd, now - heardAt >= Self.silenceLimit {
          return FatalFault(
            .brokerUnreachable,
            "Topic \(request.source.topic) could not be read to its end: nothing came for \(Self.silenceLimit.milliseconds / 1_000) s."
          )
        }
      }
      if signals.take().stopCount > 0 || display.isGone { return nil }
    }
    return nil
  }
}

/// What is written for the records that are read.
struct ResultsDisplay: ~Copyable {
  private let filter: OutcomeFilter
  private let isJSON: Bool
  private let isColoured: Bool
  private var output = BufferedOutput()
  private var reading = OutcomeReading()
  private var summary = OutcomeSummary()

  init(_ request: ResultsRequest) {
    filter = request.filter
    isJSON = request.isJSON
    isColoured = !isJSON && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
  }

  /// Nobody reads any more.
  var isGone: Bool { output.isGone }

  mutating func begin() {
    guard !isJSON else { return }
    output.write { $0.append(text: OutcomeRow.heading + "\n") }
    output.flush()
  }

  mutating func show(_ record: ReadRecord) {
    let isOutcome: Void? = reading.read(record.value) { [filter, isJSON, isColoured] members, kind in
      guard filter.wants(members, kind) else { return }
      summary.count(members, kind)
      output.write { text in
        if isJSON {
          TerminalText.appendJSONLine(record.value, to: &text)
        } else {
          let now = WorkerClock.now().wall
          text.append(text: OutcomeRow(members, kind).line(isColoured: isColoured, now: now) + "\n")
        }
      }
    }
    if isOutcome == nil { summary.countForeign() }
  }

  mutating func flush() { output.flush() }

  mutating func end() {
    output.flush()
    guard !output.isGone else { return }
    StandardError.write(summary.text(upper: 99) + "\n")
  }
}
