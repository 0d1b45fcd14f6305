/// Why the process cannot go on.
package struct FatalFault: Error, Sendable, Equatable {
  /// Closed, each with its exit code in the command's table.
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// No broker answered within the start-up time.
    case brokerUnreachable
    /// A topic is missing, the result topic has too few partitions, a setting is refused.
    case configuration
    /// Another process uses our transactional id or instance.
    case identityInUse
    /// Authentication or a right refused.
    case accessDenied
    /// A library does not come back.
    case stuck
  }

  package var kind: Kind
  /// What is wrong and what to do, in one or two sentences.
  package var message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The system refused another one.
  package static let noFileDescriptorLeft = FatalFault(
    .configuration, "No file descriptor is left; raise the limit of open files.")
}
