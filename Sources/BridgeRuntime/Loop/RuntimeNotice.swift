package import BridgeCore

/// What the loop tells about itself, for the log; never per record.
package enum RuntimeNotice: Sendable {
  case assigned([PartitionIndex], Epoch)
  case partitionStarted(DeliveryEngine.PartitionView, Epoch)
  /// `isReminder`: it was asked again, and the reason is the same.
  case partitionUndecided(RecoveredPartition, UndecidedReason, isReminder: Bool)
  case partitionTakenOver(PartitionIndex)
  case revoked([PartitionIndex])
  case lost([PartitionIndex])
  case batch(WriterToken, outcomeCount: Int, results: [CommitResult], fault: String?)
  /// Kafka refused an outcome as it was; `isFinal`: also its minimal form, so nothing is sent until it is taken.
  case outcomeRefused(PartitionIndex, RecordOffset, isFinal: Bool)
  /// An answer that stops the line.
  case lineStopped(LineStop)
  case lineResumed
  /// The ban lasts longer than anybody should wait without looking.
  case banIsLong(LineStop?)
  /// Too many requests, or connects, have failed; the last answer, if there was any.
  case breakerOpened(LineStop?)
  case breakerClosed
  /// So many of the last outcomes are rejected or failed that nothing is sent before an operator says so.
  case lineBraked(badCount: Int, window: Int)
  /// An operator stopped the line, for this reason.
  case linePaused(reason: String)
  case drainStarted(deadline: TimeSpan)
  case drained(unresolvedCount: Int)
  /// Requests were still out, or outcomes not durable, when the time was over.
  case drainMissed(inFlightCount: Int)
}

/// How the loop ended.
package enum RuntimeEnding: Sendable, Equatable {
  case stopped
  /// Something was not finished when the time for it was over; a restart finishes it.
  case drainMissed
  case failed(FatalFault)
}
