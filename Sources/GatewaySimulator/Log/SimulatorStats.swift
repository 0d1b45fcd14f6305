/// Counts since the start; only requests to the gateway count, not those to the simulator's own pages.
struct SimulatorStats {
  /// Codes of the gateway that are counted one by one; others share a place.
  static let codeLimit = 1000

  var requestCount: Int64 = 0
  var completeCount: Int64 = 0
  var tornCount: Int64 = 0
  var takenCount: Int64 = 0
  var signatureFailureCount: Int64 = 0
  /// Whole requests that never got a whole answer.
  var unansweredCount: Int64 = 0
  var deliveredCount: Int64 = 0
  var backendRefusedCount: Int64 = 0
  var htmlCount: Int64 = 0
  var textCount: Int64 = 0
  private var codeCounts = [Int64](repeating: 0, count: SimulatorStats.codeLimit + 1)
  /// Messages that were not executed because their id had been taken before.
  var duplicateCount: Int64 = 0
  var acceptedCount: Int64 = 0
  /// Connections that a fault closed while they were idle.
  var idleCloseCount: Int64 = 0
  var tlsFailureCount: Int64 = 0
  var connectionCount: Int64 = 0
  var maximumConnectionCount: Int64 = 0
  /// Whole requests without an answer so far.
  var inFlight: Int64 = 0
  var maximumInFlight: Int64 = 0

  mutating func requestCompleted() {
    completeCount += 1
    inFlight += 1
    maximumInFlight = max(maximumInFlight, inFlight)
  }

  mutating func connectionOpened() {
    acceptedCount += 1
    connectionCount += 1
    maximumConnectionCount = max(maximumConnectionCount, connectionCount)
  }

  mutating func answered(_ answer: PlannedAnswer) {
    switch answer.content {
    case .delivered: deliveredCount += 1
    case .backendRefused: backendRefusedCount += 1
    case .page: htmlCount += 1
    case .text: textCount += 1
    case .refused(let refusal): codeAnswered(refusal.code)
    case .error(let code, _, _): codeAnswered(code)
    }
  }

  private mutating func codeAnswered(_ code: Int) {
    codeCounts[code >= 0 && code < Self.codeLimit ? code : Self.codeLimit] += 1
  }

  func write(logged: Int64, logFailures: Int64, faults: Int, into body: inout Octets) {
    body.append("{\"requests\":")
    body.append(decimal: requestCount)
    Self.append("complete", completeCount, &body)
    Self.append("torn", tornCount, &body)
    Self.append("taken", takenCount, &body)
    Self.append("duplicates", duplicateCount, &body)
    Self.append("signature_failures", signatureFailureCount, &body)
    Self.append("unanswered", unansweredCount, &body)
    body.append(",\"answers\":{\"success\":")
    body.append(decimal: deliveredCount)
    Self.append("result_refused", backendRefusedCount, &body)
    Self.append("html", htmlCount, &body)
    Self.append("text", textCount, &body)
    for code in 0..<Self.codeLimit where codeCounts[code] > 0 {
      body.append(",\"")
      body.append(decimal: Int64(code))
      body.append("\":")
      body.append(decimal: codeCounts[code])
    }
    if codeCounts[Self.codeLimit] > 0 { Self.append("other", codeCounts[Self.codeLimit], &body) }
    body.append("}")
    Self.append("connections", connectionCount, &body)
    Self.append("max_connections", maximumConnectionCount, &body)
    Self.append("accepted", acceptedCount, &body)
    Self.append("idle_closed", idleCloseCount, &body)
    Self.append("tls_failures", tlsFailureCount, &body)
    Self.append("in_flight", inFlight, &body)
    Self.append("max_in_flight", maximumInFlight, &body)
    Self.append("faults", Int64(faults), &body)
    Self.append("log_seq", logged, &body)
    Self.append("log_write_failures", logFailures, &body)
    body.append("}\n")
  }

  private static func append(_ name: StaticString, _ number: Int64, _ body: inout Octets) {
    body.append(",\"")
    body.append(name)
    body.append("\":")
    body.append(decimal: number)
  }
}
