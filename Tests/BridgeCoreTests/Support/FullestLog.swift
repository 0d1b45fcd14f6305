@testable import BridgeCore

/// What a partition can hold at most, with the gaps that cost most: the window full, then one more portion.
struct FullestLog {
  let log: RecoveryLog
  /// Of the records of the window, from the first to behind the last.
  let windowLength: RecordOffset

  init(_ limits: RecoveryLogLimits, inWindow: Int, portion: Int) {
    let start: RecordOffset = 1 << 40
    var offset = start
    var open: [RecordOffset] = []
    for index in 0..<inWindow {
      // A gap of 128 is the first that takes two bytes.
      let isFar = offset - start + RecordOffset(inWindow - index) + 129 < limits.windowOffsets
      offset += isFar ? 128 : 0
      open.append(offset)
      offset += 1
    }
    windowLength = offset - start
    for _ in 0..<portion {
      offset += 1 << 34
      open.append(offset)
    }
    log = RecoveryLog(
      token: WriterToken(process: .max, counter: .max), committedOffset: start - 1, ceiling: offset + 1_024,
      highestPublished: offset + 1, unresolved: open, firstPartitionCount: .max, validityFingerprint: .max)
  }
}
