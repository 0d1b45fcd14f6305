/// A rule of delivery that is broken on purpose, so that the simulation can show that its checks would see it. Nothing
/// but the simulation ever sets one; the product compares one byte with nil.
package enum BrokenRule: String, Sendable, CaseIterable {
  // R1: what may be sent
  case sendsAboveCeiling
  case sendsBeforeOwnCommit
  case ignoresLanes
  case sendsBeforeOutcomeIsDurable
  case sendsWithoutLease
  // R2: the ceiling rises durably first
  case raisesCeilingBeforeCommit
  // R3: outcomes of a failed batch go back to the front
  case putsFailedOutcomesBehind
  // R4: as whom offsets are committed
  case commitsForOlderEpoch
  case commitsUnfenced
  case capturesAtAssignmentOnly
  // R5: after a revocation or a loss
  case sendsWhileDraining
  case sendsBesideOldAttempt
  // R6: what an unclear commit means
  case takesSilenceForRefusal
  case takesSilenceForCommit
  case takesOffsetForToken
  // R7: requests without an answer
  case keepsProducerWithUnansweredRequest
  case keepsMembershipAfterUnansweredCommit
  // R8: fenced producers
  case keepsFencedProducer
  // R10: records that are not sent
  case takesInvalidOutOfTurn
  // R13: records that were seen before
  case takesPublishedAgain
  case takesDeliveredAgain
  // What a predecessor may have sent, and where the ceiling falls to
  case forgetsPredecessor
  case lowersCeilingTooFar
  case keepsCeilingAtStop
  // The line: bans, breaker, halts, expiry
  case sendsDuringBan
  case countsAttemptsWhileBreakerIsOpen
  case sparesProbeOfBan
  case failsForOwnFault
  case countsStopsAsRetryTime
  case expiresDuringAttempt
}
