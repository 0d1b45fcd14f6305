internal import BridgeCore
internal import BridgeKafka
internal import BridgeOps
internal import BridgeRuntime

/// Says in log lines what the loop and the Kafka clients tell.
final class WorkerLog {
  private let log: Log
  private let advice: UndecidedAdvice
  private var limiter = RepeatLimiter()
  /// Set once per turn of the loop.
  var now: Moment

  init(_ log: Log, advice: UndecidedAdvice = UndecidedAdvice()) {
    self.log = log
    self.advice = advice
    now = WorkerClock.now()
  }

  /// How many lines the log has dropped so far; to be asked from any thread.
  var droppedLineCounter: @Sendable () -> Int {
    let log = log
    return { log.droppedCount }
  }

  func write(_ severity: LogSeverity, _ message: StaticString, _ fields: [(LogKey, LogValue)] = []) {
    log.write(LogLine(severity, message, fields, at: now.wall))
  }

  /// At most one line per cause and half minute; what is held back is counted and said later.
  func writeLimited(
    _ cause: String, _ severity: LogSeverity, _ message: StaticString, _ fields: [(LogKey, LogValue)]
  ) {
    let line = LogLine(severity, message, fields, at: now.wall)
    if let admitted = limiter.admit(line, cause: cause, at: now.monotonic) { log.write(admitted) }
  }

  /// What was held back and is due by now.
  func writeOverdue() {
    for line in limiter.overdue(at: now.monotonic) { log.write(line) }
  }

  /// All that was held back, for the end.
  func writeHeldBack() {
    for line in limiter.rest(at: now.monotonic) { log.write(line) }
  }

  func write(_ notice: RuntimeNotice) {
    switch notice {
    case .assigned(let partitions, let epoch):
      write(
        .info, "assigned", [(.epoch, .integer(Int64(epoch.number))), (.partitions, .text(list(partitions)))])
    case .partitionStarted(let view, let epoch):
      write(
        .info, "partition started",
        [
          (.partition, .integer(Int64(view.partition))), (.epoch, .integer(Int64(epoch.number))),
          (.committed, .integer(view.committedOffset)), (.ceiling, .integer(view.ceiling)),
          (.ambiguous, .integer(Int64(view.ambiguousCount))),
        ])
    case .partitionUndecided(let recovered, let reason, let isReminder):
      writeLimited(
        "not started \(recovered.partition) \(reason.name)", isReminder ? .warning : .error,
        "partition not started",
        [
          (.partition, .integer(Int64(recovered.partition))), (.reason, .text("\(reason.name)")),
          (.nextStep, .text(advice.nextStep(for: reason, recovered))),
        ])
    case .partitionTakenOver(let partition):
      write(.warning, "partition taken over", [(.partition, .integer(Int64(partition)))])
    case .revoked(let partitions): write(.info, "revoked", [(.partitions, .text(list(partitions)))])
    case .lost(let partitions): write(.warning, "lost", [(.partitions, .text(list(partitions)))])
    case .batch(let token, let count, let results, let fault):
      writeBatch(token, count, results, fault)
    case .lineStopped(let stop):
      writeStop(stop)
    case .lineResumed:
      write(.info, "resumed")
    case .banIsLong(let stop):
      writeLimited(
        "long ban", .error, "banned for long",
        [
          (.seconds, .integer(stop?.seconds ?? 0)),
          (
            .nextStep,
            .text(
              "Nothing is failed; events wait. The quota of the app is used up: raise it with the gateway's operator, or lower gateway.requests_per_second."
            )
          ),
        ])
    case .breakerOpened(let stop): writeOpened(stop)
    case .breakerClosed: write(.info, "breaker closed")
    case .lineBraked(let badCount, let window):
      write(
        .error, "braked",
        [
          (.count, .integer(Int64(badCount))), (.limit, .integer(Int64(window))),
          (
            .nextStep,
            .text(
              "Too many of the last outcomes are rejected or failed; nothing is sent. Look at them (lippi-bridge results), mend the cause, then resume."
            )
          ),
        ])
    case .linePaused(let reason):
      write(.warning, "paused", [(.reason, .text(reason))])
    case .outcomeRefused(let partition, let offset, let isFinal):
      let fields: [(LogKey, LogValue)] = [
        (.partition, .integer(Int64(partition))), (.detail, .text("offset \(offset)")),
      ]
      if isFinal {
        let advice =
          "Kafka does not take the outcome in its minimal form either. Nothing is sent until it does: look at the result topic's max.message.bytes and at the message the broker gives."
        writeLimited("refused outcome", .error, "halted", fields + [(.nextStep, .text(advice))])
      } else {
        write(.warning, "outcome is published in minimal form", fields)
      }
    case .drainStarted(let limit):
      write(.info, "draining", [(.seconds, .integer(limit.milliseconds / 1_000))])
    case .drained(let unresolved):
      write(.info, "drained", [(.unresolved, .integer(Int64(unresolved)))])
    case .drainMissed(let inFlight):
      write(.warning, "drain missed", [(.inFlight, .integer(Int64(inFlight)))])
    }
  }

  private func writeBatch(_ token: WriterToken, _ count: Int, _ results: [CommitResult], _ fault: String?) {
    guard fault != nil || log.writes(.debug) else { return }
    let fields: [(LogKey, LogValue)] = [
      (.token, .text("\(token)")), (.outcomes, .integer(Int64(count))),
      (.results, .text(results.map { "\($0)" }.joined(separator: " "))),
    ]
    guard let fault else { return write(.debug, "batch", fields) }
    writeLimited("batch \(fault)", .warning, "batch not committed", fields + [(.fault, .text(fault))])
  }

  private func writeStop(_ stop: LineStop) {
    var fields: [(LogKey, LogValue)] = [(.ruling, .text("\(stop.ruling.name)"))]
    if let status = stop.httpStatus { fields.append((.status, .integer(Int64(status)))) }
    if let code = stop.code { fields.append((.code, .integer(code))) }
    if let subCode = stop.subCode { fields.append((.subCode, .text(subCode))) }
    if let seconds = stop.seconds { fields.append((.seconds, .integer(seconds))) }
    fields.append((.nextStep, .text(Self.nextStep(for: stop))))
    switch stop.reason {
    case .breakerOpen: writeOpened(stop)
    case .halted: writeLimited("halted \(stop.code ?? 0)", .error, "halted", fields)
    case .banned: writeLimited("banned \(stop.code ?? 0)", .warning, "banned", fields)
    }
  }

  private func writeOpened(_ stop: LineStop?) {
    var fields: [(LogKey, LogValue)] = []
    if let status = stop?.httpStatus { fields.append((.status, .integer(Int64(status)))) }
    if let code = stop?.code { fields.append((.code, .integer(code))) }
    if let subCode = stop?.subCode { fields.append((.subCode, .text(subCode))) }
    let advice =
      "Nothing is failed; events wait. The gateway fails or is not reached: single probes show when it is back."
    writeLimited("breaker", .warning, "breaker opened", fields + [(.nextStep, .text(advice))])
  }

  func write(_ notice: KafkaNotice) {
    var fields: [(LogKey, LogValue)] = []
    if let code = notice.code { fields.append((.code, .text(code))) }
    if let partition = notice.partition { fields.append((.partition, .integer(Int64(partition)))) }
    if let detail = notice.detail { fields.append((.detail, .text(detail))) }
    let severity: LogSeverity =
      switch notice.level {
      case .note: .info
      case .warning: .warning
      case .error: .error
      }
    writeLimited("\(notice.text) \(notice.code ?? "")", severity, notice.text, fields)
  }

  private func list(_ partitions: [PartitionIndex]) -> String {
    partitions.map { "\($0)" }.joined(separator: " ")
  }

  private static func nextStep(for stop: LineStop) -> String {
    switch stop.ruling {
    case .configurationFault:
      "Nothing is failed; events wait. Check gateway.app_key, app_secret_file, session_file, url and the app's permissions. Secrets are read again before each probe; other settings need a restart."
    case .clockFault: "Nothing is failed; events wait. \(clockAdvice(stop.clockSkew))"
    case .programmingFault: "Nothing is failed; events wait. Report this as a fault of the bridge."
    case .unknown:
      "Answers with codes that nobody knows came one after the other. See docs/error-rules.md; gateway.rules says what such an answer means."
    case .flowControl: "Nothing to do: the line goes on when the ban ends."
    case .delivered, .backendNotReached, .temporary, .notTemporary, .refused: "Nothing to do."
    }
  }

  private static func clockAdvice(_ skew: TimeSpan?) -> String {
    guard let skew else { return "Set this machine's clock." }
    let seconds = skew.milliseconds / 1_000
    if seconds == 0 { return "This machine's clock is as the gateway's; check how its time is made." }
    return
      "This machine's clock is \(seconds.magnitude) s \(seconds > 0 ? "ahead of" : "behind") the gateway's: set it."
  }
}

extension WriterToken: CustomStringConvertible {
  /// As the header `bridge_batch` has it: 16 hexadecimal digits.
  public var description: String {
    let number = UInt64(process) << 32 | UInt64(counter)
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
