import BridgeCore
import Glibc

/// What the simulation's checks want to know of an outcome, read from its bytes.
struct PublishedOutcome {
  var partition: Int
  var offset: RecordOffset
  var kind: OutcomeKind
  var isDuplicate: Bool
  /// Rejected for a fault that every request could have.
  var isCallerRefused: Bool
  /// When it was made, in milliseconds since 1970.
  var madeAt: Int64
  var worker: Int

  var isFlagged: Bool { isDuplicate || kind == .inDoubt }

  init(_ entry: OutcomeEntry, in bytes: [UInt8], by worker: Int, at madeAt: Int64) {
    self.madeAt = madeAt
    partition = Int(entry.partition)
    offset = entry.offset
    self.worker = worker
    (kind, isDuplicate, isCallerRefused) = bytes.withUnsafeBytes { bytes in
      let value = UnsafeRawBufferPointer(rebasing: bytes[entry.value.start..<entry.value.end])
      let kind = Self.kind(in: value)
      return (
        kind, Self.contains(value, #""possible_duplicate":true"#),
        kind == .rejected && Self.contains(value, #""code":"caller_refused""#)
      )
    }
  }

  private static let opening: StaticString = #"{"schema":"lippi-outcome/v1","outcome":""#

  private static func kind(in value: UnsafeRawBufferPointer) -> OutcomeKind {
    let start = opening.utf8CodeUnitCount
    let kind = OutcomeKind.allCases.first { kind in
      memcmp(value.baseAddress! + start, kind.name.utf8Start, kind.name.utf8CodeUnitCount) == 0
    }
    guard let kind else { preconditionFailure("an outcome names its kind first") }
    return kind
  }

  private static func contains(_ value: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    value.firstEnd(of: text) != nil
  }
}

extension UnsafeRawBufferPointer {
  /// Behind the first occurrence of `text`.
  func firstEnd(of text: StaticString) -> Int? {
    guard let base = baseAddress else { return nil }
    var position = 0
    while position + text.utf8CodeUnitCount <= count {
      guard let found = memchr(base + position, Int32(text.utf8Start.pointee), count - position) else {
        return nil
      }
      position = UnsafeRawPointer(found) - base
      guard position + text.utf8CodeUnitCount <= count else { return nil }
      if memcmp(found, text.utf8Start, text.utf8CodeUnitCount) == 0 {
        return position + text.utf8CodeUnitCount
      }
      position += 1
    }
    return nil
  }
}
