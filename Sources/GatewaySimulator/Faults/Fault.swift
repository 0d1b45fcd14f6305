/// What happens to a request instead of its answer, or to the answer.
enum FaultEffect {
  case answer(PlannedAnswer)
  /// The application is banned for so long from the first request that this hits.
  case ban(seconds: Int64, subCode: [UInt8], subMessage: [UInt8]?)
  /// The answer takes so long instead of the simulator's own latency.
  case latency(milliseconds: Int64)
  case connection(ConnectionFate, FaultMoment)
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
    if case .connection(_, .beforeRead) = effect { return false }
    if let isDelivered { return isDelivered }
    switch effect {
    case .answer, .ban: return false
    case .latency, .connection: return true
    }
  }
}
