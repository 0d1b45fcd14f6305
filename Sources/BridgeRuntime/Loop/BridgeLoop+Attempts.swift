import BridgeCore
import LippiAPI
import Outcomes

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// Sends what may be sent while connections are ready.
  func dispatch(at now: Moment) {
    // A record that is still to be taken may be of another lane than those that were refused.
    if !hasMoreRecords { engine.lineTurned(at: now) }
    gateway.expect(requestCount: engine.wantedRequestCount(at: now.monotonic), at: now)
    if engine.settings.ambiguousPolicy == .report { engine.membershipProven(at: intake.provenHeartbeat) }
    while gateway.readyConnectionCount > 0, let ticket = engine.nextDispatch(at: now) {
      let admission = gateway.send(ticket, at: now) { body in
        path.requests.encode(slots[ticket.index].event, at: now.wall, into: &body)
      }
      switch admission {
      case .started: engine.attemptStarted(ticket, at: now)
      case .noConnection:
        engine.dispatchReturned(ticket)
        return tellLine(at: now)
      }
    }
    tellLine(at: now)
  }

  /// Reads what attempts ended with.
  func readReports(at now: Moment) {
    while let report = gateway.nextReport() {
      let isCurrent = engine.isCurrent(report.ticket)
      let verdict =
        isCurrent
        ? classify(report, into: &slots[report.ticket.index].answer) : classify(report, into: &scratchAnswer)
      gateway.finish(report)
      if case .answered(_, _, let date?) = report.ending, let startedAt = report.startedAt {
        engine.answerDated(date, from: startedAt, to: report.endedAt)
        standing.clockSkew = engine.clockSkew(at: now)
      }
      let code: Int64?
      if isCurrent {
        code = slots[report.ticket.index].answer.code
        remember(verdict, report, slots[report.ticket.index].answer, at: now)
      } else {
        code = scratchAnswer.code
        remember(verdict, report, scratchAnswer, at: now)
      }
      let duration = report.startedAt.map { report.endedAt - $0 }
      let decision = engine.attemptEnded(report.ticket, verdict, duration: duration, code: code, at: now)
      if let duration { tally.attemptEnded(verdict, duration: duration, goesOn: decision == .again) }
      if let duration, decision != .stale {
        logAttempt(report, verdict, duration: duration, goesOn: decision == .again, at: now)
      }
      tellLine(at: now)
    }
    readConnectFailures(at: now)
  }

  private func classify(_ report: AttemptReport, into answer: inout GatewayAnswer) -> Verdict {
    switch report.ending {
    case .answered(let status, let retryAfterSeconds, _):
      gateway.withAnswerBody(of: report) { body in
        path.classifier.classify(
          status: status, retryAfterSeconds: retryAfterSeconds, body: body, into: &answer)
      }
    case .notSent, .unanswered:
      path.classifier.classify(ending: report.ending)
    }
  }

  /// Only records with more than one attempt have a log.
  private func logAttempt(
    _ report: AttemptReport, _ verdict: Verdict, duration: TimeSpan, goesOn: Bool, at now: Moment
  ) {
    let index = report.ticket.index
    let isInherited = engine.course(of: report.ticket).isInherited
    guard goesOn || isInherited || !slots[index].attemptLog.isEmpty else { return }
    if isInherited, slots[index].attemptLog.isEmpty { slots[index].log(LoggedAttempt(effect: .unknown)) }
    var attempt = LoggedAttempt(effect: verdict.effect)
    attempt.startedAt = WallTime(
      milliseconds: now.wall.milliseconds - (now.monotonic - report.endedAt + duration).milliseconds)
    attempt.milliseconds = duration.milliseconds
    if case .answered(let status, _, _) = report.ending {
      attempt.httpStatus = status
      attempt.code = slots[index].answer.code
      attempt.subCode = slots[index].answer.copy(slots[index].answer.subCode)
    }
    slots[index].log(attempt)
  }
}
