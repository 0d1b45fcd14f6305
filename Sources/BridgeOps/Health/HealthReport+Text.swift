package import BridgeCore

extension HealthReport {
  /// For a person: a line for each thing that matters.
  package func text(_ identity: WorkerIdentity, stalledAfter: TimeSpan) -> [UInt8] {
    var lines = ["\(identity.instance): \(status.name)"]
    guard let snapshot else { return Self.bytes(lines) }
    var line = "line: \(snapshot.line.state.name)"
    if let since = snapshot.line.since, snapshot.line.state != .running {
      line += " for \(Self.span(now.wall - since))"
    }
    if let stop = snapshot.line.stop, snapshot.line.state != .running, snapshot.line.state != .paused {
      line += ", \(stop.ruling.name)"
      if let code = stop.code { line += " code \(code)" }
      if let subCode = stop.subCode { line += " \(Self.shown(subCode))" }
    }
    if let reason = snapshot.line.pauseReason { line += ": \(Self.shown(reason))" }
    lines.append(line)
    for reason in reasons { lines.append("\(reason.name): \(reason.nextStep)") }
    for partition in partitions { lines.append(partition.line) }
    if partitions.isEmpty { lines.append("no partitions") }
    if status == .stalled { lines.append("Nothing has moved for \(Self.span(stalledAfter)) or longer.") }
    return Self.bytes(lines)
  }

  /// What came from outside must not act on a terminal.
  private static func shown(_ text: String) -> String {
    var buffer = ByteBuffer(capacity: text.utf8.count + 2)
    buffer.appendLogString(text)
    return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private static func bytes(_ lines: [String]) -> [UInt8] { Array(lines.map { "\($0)\n" }.joined().utf8) }

  fileprivate static func span(_ span: TimeSpan) -> String { "\(max(span.milliseconds, 0) / 1_000) s" }
}

extension HealthReport.Partition {
  fileprivate var line: String {
    var line = "partition \(snapshot.partition): \(snapshot.stage.name)"
    if case .undecided(let reason) = snapshot.stage { line += " (\(reason.name))" }
    line +=
      ", committed \(snapshot.committedOffset.map { "\($0)" } ?? "-") of \(snapshot.endOffset.map { "\($0)" } ?? "-")"
    line +=
      ", unresolved \(snapshot.unresolvedCount + snapshot.unpublishedCount), in flight \(snapshot.inFlightCount)"
    if let oldestAge { line += ", oldest \(HealthReport.span(oldestAge))" }
    if let standsStill, standsStill >= SightLimits.partitionPatience {
      line += ", not moved for \(HealthReport.span(standsStill))"
    }
    if let reason { line += ": \(reason.name)" }
    return line
  }
}
