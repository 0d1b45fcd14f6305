import BridgeCore

/// What the loop has in hand.
package struct LineLoad: Sendable, Equatable {
  /// Of the input topic, those that this worker has.
  package var partitionCount: Int
  package var inFlightCount: Int
  /// Records that were read and have no durable outcome yet.
  package var unresolvedCount: Int
  /// Records from the committed offset to the end of the log, over the partitions of which the end is known.
  package var lag: Int64
}

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// Goes through the partitions; not for every turn.
  package var load: LineLoad {
    var load = LineLoad(
      partitionCount: engine.partitionCount, inFlightCount: engine.inFlightCount,
      unresolvedCount: engine.totalUnresolvedCount, lag: 0)
    for slot in 0..<engine.partitionCount {
      let view = engine.view(of: slot)
      guard let end = intake.endOffset(of: view.partition) else { continue }
      load.lag += max(0, end - view.committedOffset)
    }
    return load
  }
}
