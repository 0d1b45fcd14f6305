/// What happens to a request, to its answer, or to the connection behind it.
enum FaultEffect {
  case answer(PlannedAnswer)
  /// The application is banned for so long from the first request that this hits.
  case ban(seconds: Int64, subCode: [UInt8], subMessage: [UInt8]?)
  case connection(ConnectionFate, FaultMoment)
  /// The answer takes so long instead of the simulator's own latency.
  case latency(milliseconds: Int64)
  /// The body comes compressed, asked for or not.
  case gzip
  /// The body comes in chunks instead of with its length.
  case chunked
  /// The answer comes byte by byte, with so much time between two of them.
  case drip(milliseconds: Int64)
  /// Behind the answer the connection is closed while nothing is under way, after a random part of this time.
  case idleClose(milliseconds: Int64)

  var sort: FaultSort {
    switch self {
    case .answer, .ban: .ending
    case .connection(_, let moment): moment == .beforeRead ? .head : .ending
    case .latency: .latency
    case .gzip: .gzip
    case .chunked: .chunked
    case .drip: .drip
    case .idleClose: .idleClose
    }
  }
}

/// Faults of different sorts hit one request together; of one sort the first one posted does.
enum FaultSort {
  /// Met before the request is read.
  case head
  /// What is answered, or how the connection ends instead.
  case ending
  case latency, gzip, chunked, drip
  /// Met behind the answer.
  case idleClose
}

/// How a connection ends, or does not.
enum ConnectionFate {
  case close
  case reset
  /// Stays open and says nothing until the client leaves.
  case stall
}

enum FaultMoment {
  /// When the head of the request has come; the message is not executed.
  case beforeRead
  /// When the answer would be sent; nothing of it is.
  case afterRead
  /// When half of the answer was sent.
  case midAnswer
}

/// One standing fault.
struct Fault {
  var effect: FaultEffect
  /// Requests that it still hits; nil without end.
  var remaining: Int64?
  /// The part of the matching requests that it hits, 0...1.
  var rate: Double
  /// nil matches every one.
  var sid: [UInt8]?
  var messageID: [UInt8]?
  /// The backend executed the message, whatever the client is told; nil leaves that to the effect.
  var isDelivered: Bool?

  /// Whether a message that passed every check was executed.
  var executes: Bool {
    if let isDelivered { return isDelivered }
    switch effect {
    case .answer, .ban: return false
    case .connection, .latency, .gzip, .chunked, .drip, .idleClose: return true
    }
  }
}
