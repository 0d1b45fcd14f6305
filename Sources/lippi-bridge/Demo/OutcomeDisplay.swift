internal import BridgeCore
internal import BridgeKafka
internal import ResultTopic

/// Writes outcomes to stdout as they come, and counts them.
struct OutcomeDisplay: ~Copyable {
  private let instance: String
  private let isJSON: Bool
  private let isColoured: Bool
  private(set) var tally: DemoTally
  private var reading = OutcomeReading()
  private var line = ByteBuffer(capacity: 2_048)
  private var summarisedCount = 0

  /// `instance`: of the worker whose outcomes are shown.
  init(instance: String, isJSON: Bool, isColoured: Bool, tally: DemoTally) {
    self.instance = instance
    self.isJSON = isJSON
    self.isColoured = isColoured
    self.tally = tally
  }

  /// Something came since the last summary, or there was none yet.
  var hasNews: Bool { summarisedCount == 0 || tally.totalCount != summarisedCount }

  mutating func show(_ record: ReadRecord) {
    let id = record.header(DemoEvents.header).map { String(decoding: $0, as: UTF8.self) }
    let row = reading.read(record.value) { [instance] members, kind -> OutcomeRow? in
      guard members.text("bridge", "instance") == instance else { return nil }
      tally.count(members, kind, of: id)
      return OutcomeRow(members, kind)
    }
    guard let row = row ?? nil else { return }
    guard isJSON else {
      StandardOutput.write(row.line(isColoured: isColoured, now: WorkerClock.now().wall) + "\n")
      return
    }
    line.removeAll()
    TerminalText.appendJSONLine(record.value, to: &line)
    StandardOutput.write(line.withBytes { String(decoding: $0, as: UTF8.self) })
  }

  mutating func takeSummary() -> String {
    summarisedCount = tally.totalCount
    return tally.summary
  }
}
