/// What a connection is doing.
enum ConnectionPhase {
  /// Reads a request, or waits for the next one.
  case receiving
  /// Has read a request of which the answer is not due yet.
  case waiting
  /// Writes what is in `output`.
  case sending
  /// Says nothing more; whether it still reads is the fault's doing.
  case stalled
  /// Has said its last word and throws away what still comes, so that the client gets that word.
  case draining
}

/// What follows when `output` is written.
enum AfterSending {
  case nextRequest
  case fate(ConnectionFate)
  case drain
}

/// A request to the gateway that was read and is not answered yet.
struct PendingAnswer {
  var answer: PlannedAnswer
  var manner: AnswerManner
  var format: AnswerFormat
  var isSimplified: Bool
  /// What the connection comes to instead of the answer, or behind half of it.
  var fate: ConnectionFate?
  var fateIsMidAnswer: Bool
}

/// One client's connection; the loop alone knows it.
final class Connection {
  let descriptor: Int32
  let slot: Int
  /// Tells this connection from an earlier one at the same slot.
  let generation: UInt32
  /// nil for a connection without TLS.
  let channel: TLSChannel?
  /// Its address may use the application.
  let isAllowed: Bool
  var phase = ConnectionPhase.receiving
  var interest: UInt32 = 0
  /// What the client said, without TLS.
  var input = Octets(capacity: 2048)
  /// What the client is to be told, without TLS.
  var output = Octets(capacity: 1024)
  /// Records of TLS that wait for the socket.
  var wire = Octets(capacity: 16)
  /// Of the request at the front of `input`, once its empty line has come.
  var head: RequestHead?
  var scanned = 0
  /// A request to the gateway, or one that may become such, is under way and not logged yet.
  var isInRequest = false
  var facts = RequestFacts()
  var pending: PendingAnswer?
  /// The answer in `output` counts as given once that is written.
  var answerInOutput: PlannedAnswer?
  var afterSending = AfterSending.nextRequest
  var closesAfterAnswer = false
  /// Between two bytes of the answer that is being sent; nil sends as much as the socket takes.
  var dripNanoseconds: Int64?
  /// Of the timer that the connection waits for; 0 for none.
  var timerTicket: UInt64 = 0

  init(
    descriptor: Int32, slot: Int, generation: UInt32, channel: consuming TLSChannel?, isAllowed: Bool
  ) {
    self.descriptor = descriptor
    self.slot = slot
    self.generation = generation
    self.channel = channel
    self.isAllowed = isAllowed
  }

  var tag: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}
