internal import BridgeKafka
internal import ChatEvents

/// Writes outcomes to stdout as they come, and counts them.
struct OutcomeDisplay: ~Copyable {
  private static let depthLimit: UInt32 = 32

  private let instance: String
  private let isJSON: Bool
  private let isColoured: Bool
  private(set) var tally: DemoTally
  private var json = JSONReader(depthLimit: depthLimit)
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
    guard let row = OutcomeRow(record.value, &json), row.instance == instance else { return }
    let id = record.header(DemoEvents.header).map { String(decoding: $0, as: UTF8.self) }
    tally.count(row, of: id)
    let line = isJSON ? String(decoding: record.value, as: UTF8.self) : row.line(isColoured: isColoured)
    StandardOutput.write(line + "\n")
  }

  mutating func takeSummary() -> String {
    summarisedCount = tally.totalCount
    return tally.summary
  }
}
