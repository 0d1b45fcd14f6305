internal import BridgeCore

typealias ConnectionTable = SlotTable<GatewayConnection>

/// One place for a connection, with the buffers that its exchanges reuse.
struct GatewayConnection: ~Copyable {
  enum Phase: Equatable {
    /// No socket; stands in the stack of closed ones.
    case closed
    /// libcurl works on it.
    case connecting
    /// Connected to a gateway that is not proven; in the queue of those that settle.
    case settling
    /// Idle, in the queue of ready ones.
    case ready
    /// A request is partly out; in the queue of those in flight.
    case sending
    /// The request is out, the answer is awaited; in the queue of those in flight.
    case receiving
    /// The attempt ended; in the queue of ended ones until its report is taken.
    case ended(isReusable: Bool)
    /// The report was taken and is not finished.
    case reported(isReusable: Bool)
  }

  var phase = Phase.closed
  /// Neighbours in the queue that it stands in.
  var previous = Int32.noConnection
  var next = Int32.noConnection
  /// Counts openings.
  var generation: UInt32 = 0
  /// Owned by the shard.
  var handle: UnsafeMutableRawPointer?
  var descriptor: Int32 = -1
  var isWatchedForRoom = false

  var openedAt = MonotonicTime(microseconds: 0)
  var idleSince = MonotonicTime(microseconds: 0)
  /// Shorter than the settings' when the gateway announced so; while it settles, how long that takes.
  var idleLimit = TimeSpan.zero
  var answerCount = 0

  var ticket = Ticket(index: 0, generation: 0)
  /// When the request was handed over; the deadline counts from here.
  var begunAt = MonotonicTime(microseconds: 0)
  /// When its first byte was accepted.
  var startedAt: MonotonicTime?
  var endedAt = MonotonicTime(microseconds: 0)
  var ending = AttemptEnding.notSent(.closed)

  /// Head room, body; the head is written right in front of the body.
  var request = ByteBuffer(capacity: 2_048)
  var requestStart = 0
  var acceptedByteCount = 0
  /// The answer's body.
  var answer = ByteBuffer(capacity: 512)
  var parser: AnswerParser

  init(answerByteLimit: Int) { parser = AnswerParser(bodyByteLimit: answerByteLimit) }

  var requestByteCount: Int { request.count &- requestStart }
  var isWhollySent: Bool { acceptedByteCount == requestByteCount }

  /// The next bytes of the answer.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> AnswerParser.Progress {
    parser.consume(bytes, into: &answer)
  }

  /// The body as it was meant, after the whole of it has come; nil if there is one of at most `limit` bytes.
  mutating func unpackAnswer(limit: Int) -> AnswerFault? {
    Inflation.unpack(&answer, from: parser.head.contentCoding, limit: limit)
  }
}
