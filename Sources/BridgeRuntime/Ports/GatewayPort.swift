package import BridgeCore

/// Connections to the gateway. A request takes a connection only when one is ready, so an event waits in its lane,
/// not in here, and timestamp and signature are made right before the first byte. Nothing here blocks.
package protocol GatewayPort: ~Copyable {
  /// Connections that could take a request now.
  var readyConnectionCount: Int { get }
  /// How many requests could be sent now if there were connections, those under way included: more are opened or
  /// idle ones kept accordingly.
  mutating func expect(requestCount: Int, at now: Moment)
  /// Writes a request body straight into a connection's buffer and sends it.
  mutating func send(
    _ ticket: Ticket, at now: Moment, body: (inout ByteBuffer) -> Void
  ) -> SendAdmission
  /// Moves bytes, opens and closes connections, looks at deadlines.
  mutating func turn(at now: Moment)
  /// The next ended attempt; each is to be given to `finish`.
  mutating func nextReport() -> AttemptReport?
  /// The body of an answer; the pointer is valid inside `read` only.
  mutating func withAnswerBody<Result>(
    of report: AttemptReport, _ read: (UnsafeRawBufferPointer) -> Result
  ) -> Result
  /// The answer was read: the connection may be used again.
  mutating func finish(_ report: AttemptReport)
  /// Ends every attempt under way; their reports say by counted bytes how.
  mutating func abandonAll(at now: Moment)
  /// Connections that could not be made, since the start.
  var connectFailureCount: Int64 { get }
  /// When `turn` wants to be called at the latest although no byte moved.
  var nextDeadline: MonotonicTime? { get }
  var standing: GatewayStanding { get }
}

extension GatewayPort where Self: ~Copyable {
  package var standing: GatewayStanding { GatewayStanding() }
}
