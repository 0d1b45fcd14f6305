package import BridgeCore

/// Who reports.
package struct WorkerIdentity: Sendable {
  package var instance: String
  package var version: String
  package var librdkafka: String
  package var rules: String

  package init(instance: String, version: String, librdkafka: String, rules: String) {
    self.instance = instance
    self.version = version
    self.librdkafka = librdkafka
    self.rules = rules
  }
}

extension HealthReport {
  /// One object; every member is always there.
  package func json(_ identity: WorkerIdentity, stalledAfter: TimeSpan) -> [UInt8] {
    var text = ByteBuffer(capacity: 2_048)
    text.append(#"{"status":"#)
    text.appendJSONString(status.name)
    text.append(#","instance":"#)
    text.appendLogString(identity.instance)
    text.append(#","version":"#)
    text.appendLogString(identity.version)
    text.append(#","stalled_after_ms":"#)
    text.appendDecimal(stalledAfter.milliseconds)
    text.append(#","snapshot_age_ms":"#)
    text.appendOptional(snapshot.map { (now.monotonic - $0.takenAt.monotonic).milliseconds })
    text.append(#","reasons":["#)
    for (index, reason) in reasons.enumerated() {
      if index > 0 { text.append(",") }
      text.append(#"{"reason":"#)
      text.appendJSONString(reason.name)
      text.append(#","next_step":"#)
      text.appendJSONString(reason.nextStep)
      text.append("}")
    }
    text.append(#"],"line":"#)
    appendLine(to: &text)
    text.append(#","assigned":"#)
    text.append(snapshot.map { $0.unassignedSince == nil } ?? false ? "true" : "false")
    text.append(#","in_flight":"#)
    text.appendDecimal(Int64(snapshot?.inFlightCount ?? 0))
    text.append(#","last_progress_at":"#)
    text.appendOptional(snapshot?.progressAt.wall.milliseconds)
    text.append(#","partitions":["#)
    for (index, partition) in partitions.enumerated() {
      if index > 0 { text.append(",") }
      partition.append(to: &text)
    }
    text.append("]}\n")
    return text.withBytes { Array($0) }
  }

  private func appendLine(to text: inout ByteBuffer) {
    guard let line = snapshot?.line else { return text.append("null") }
    text.append(#"{"state":"#)
    text.appendJSONString(line.state.name)
    text.append(#","since":"#)
    text.appendOptional(line.since?.milliseconds)
    text.append(#","ruling":"#)
    text.appendOptional(line.stop?.ruling.name)
    text.append(#","http_status":"#)
    text.appendOptional(line.stop?.httpStatus.map { Int64($0) })
    text.append(#","code":"#)
    text.appendOptional(line.stop?.code)
    text.append(#","sub_code":"#)
    text.appendOptional(line.stop?.subCode)
    text.append(#","pause_reason":"#)
    text.appendOptional(line.pauseReason)
    text.append(#","next_probe_in_ms":"#)
    text.appendOptional(line.nextProbeAt.map { max(0, ($0 - now.monotonic).milliseconds) })
    text.append("}")
  }
}

extension HealthReport.Partition {
  fileprivate func append(to text: inout ByteBuffer) {
    text.append(#"{"partition":"#)
    text.appendDecimal(Int64(snapshot.partition))
    text.append(#","stage":"#)
    text.appendJSONString(snapshot.stage.name)
    text.append(#","committed":"#)
    text.appendOptional(snapshot.committedOffset)
    text.append(#","end":"#)
    text.appendOptional(snapshot.endOffset)
    text.append(#","unresolved":"#)
    text.appendDecimal(Int64(snapshot.unresolvedCount))
    text.append(#","unpublished":"#)
    text.appendDecimal(Int64(snapshot.unpublishedCount))
    text.append(#","in_flight":"#)
    text.appendDecimal(Int64(snapshot.inFlightCount))
    text.append(#","oldest_age_ms":"#)
    text.appendOptional(oldestAge?.milliseconds)
    text.append(#","stands_still_ms":"#)
    text.appendOptional(standsStill?.milliseconds)
    text.append(#","stalled":"#)
    text.append(isStalled ? "true" : "false")
    text.append(#","reason":"#)
    text.appendOptional(reason?.name)
    text.append(#","not_started":"#)
    text.appendOptional(snapshot.stage.undecidedReason?.name)
    text.append("}")
  }
}

extension PartitionStage {
  fileprivate var undecidedReason: UndecidedReason? {
    if case .undecided(let reason) = self { reason } else { nil }
  }

  package var name: StaticString {
    switch self {
    case .recovering: "recovering"
    case .starting: "starting"
    case .reading: "reading"
    case .draining: "draining"
    case .undecided: "not_started"
    }
  }
}

extension ByteBuffer {
  mutating func appendOptional(_ number: Int64?) {
    if let number { appendDecimal(number) } else { append("null") }
  }

  mutating func appendOptional(_ word: StaticString?) {
    if let word { appendJSONString(word) } else { append("null") }
  }

  mutating func appendOptional(_ string: String?) {
    if let string { appendLogString(string) } else { append("null") }
  }
}
