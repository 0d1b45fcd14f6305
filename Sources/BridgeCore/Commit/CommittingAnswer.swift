/// An answer of the committer.
package enum CommittingAnswer: Sendable {
  case batch(CommitAnswer)
  case recovery(RecoveryAnswer)
  /// It cannot go on.
  case failed(FatalFault)
}
