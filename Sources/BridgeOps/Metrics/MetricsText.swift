package import BridgeCore

/// All metrics as Prometheus reads them (text format 0.0.4). Before the first snapshot only those that need none.
package struct MetricsText: ~Copyable {
  private let snapshot: WorkerSnapshot?
  private let report: HealthReport
  private let identity: WorkerIdentity
  private let droppedLineCount: Int
  private let droppedStatusCount: Int
  private var families = MetricFamilies()

  package init(
    snapshot: WorkerSnapshot?, identity: WorkerIdentity, stalledAfter: TimeSpan, now: Moment,
    droppedLineCount: Int, droppedStatusCount: Int
  ) {
    self.snapshot = snapshot
    self.identity = identity
    self.droppedLineCount = droppedLineCount
    self.droppedStatusCount = droppedStatusCount
    report = HealthReport(snapshot, stalledAfter: stalledAfter, at: now)
    for metric in Metric.allCases { write(metric) }
  }

  package var bytes: [UInt8] { families.text.withBytes { Array($0) } }

  private mutating func write(_ metric: Metric) {
    switch metric {
    case .buildInfo:
      families.write(
        metric,
        [
          (
            [("version", identity.version), ("librdkafka", identity.librdkafka), ("rules", identity.rules)], 1
          )
        ]
      )
    case .logLinesDroppedTotal: families.write(metric, Int64(droppedLineCount))
    case .statusRecordsDroppedTotal: families.write(metric, Int64(droppedStatusCount))
    case .healthy: families.write(metric, report.status == .healthy ? 1 : 0)
    case .stallReason:
      families.write(
        metric,
        StallReason.allCases.map { ([("reason", "\($0.name)")], report.reasons.contains($0) ? 1 : 0) })
    case .eventsTotal, .outcomesTotal, .possibleDuplicatesTotal, .publishedTotal, .gatewayAttemptsTotal,
      .gatewayRequestSeconds, .eventToOutcomeSeconds, .queueSeconds, .retriesTotal, .transactionsTotal,
      .transactionSeconds, .rebalancesTotal, .keyMismatchesTotal:
      if let tally = snapshot?.tally { write(metric, tally) }
    case .inFlight, .inFlightLimit, .lanesWaiting, .lineState, .banSecondsLeft, .clockSkewSeconds,
      .gatewayConnections, .unresolved, .oldestUnresolvedAgeSeconds, .lag, .partitionStopped,
      .lastProgressTimestampSeconds, .snapshotAgeSeconds, .bufferedBytes, .producerRecreationsTotal:
      if let snapshot { write(metric, snapshot) }
    }
  }

  private mutating func write(_ metric: Metric, _ tally: LineTally) {
    switch metric {
    case .eventsTotal: families.write(metric, Int64(tally.eventCount))
    case .possibleDuplicatesTotal: families.write(metric, Int64(tally.possibleDuplicateCount))
    case .publishedTotal: families.write(metric, Int64(tally.publishedCount))
    case .keyMismatchesTotal: families.write(metric, Int64(tally.keyMismatchCount))
    case .outcomesTotal: families.write(metric, Self.outcomes(tally))
    case .gatewayAttemptsTotal:
      families.write(
        metric,
        VerdictClass.allCases.flatMap { ruling in
          Effect.allCases.map { effect in
            (
              [("class", "\(ruling.name)"), ("effect", "\(effect.name)")],
              Int64(tally.attemptCount(of: ruling, effect))
            )
          }
        })
    case .retriesTotal:
      families.write(
        metric,
        VerdictClass.allCases.map { ([("class", "\($0.name)")], Int64(tally.retryCount(after: $0))) })
    case .transactionsTotal:
      families.write(
        metric, BatchResult.allCases.map { ([("result", "\($0.name)")], Int64(tally.batchCount(of: $0))) })
    case .rebalancesTotal:
      families.write(
        metric,
        RebalanceEvent.allCases.map { ([("event", "\($0.name)")], Int64(tally.rebalanceCount(of: $0))) })
    case .gatewayRequestSeconds: families.write(metric, tally.requestTimes)
    case .eventToOutcomeSeconds: families.write(metric, tally.outcomeTimes)
    case .queueSeconds: families.write(metric, tally.queueTimes)
    case .transactionSeconds: families.write(metric, tally.transactionTimes)
    case .buildInfo, .logLinesDroppedTotal, .statusRecordsDroppedTotal, .healthy, .stallReason, .inFlight,
      .inFlightLimit, .lanesWaiting, .lineState, .banSecondsLeft, .clockSkewSeconds, .gatewayConnections,
      .unresolved, .oldestUnresolvedAgeSeconds, .lag, .partitionStopped, .lastProgressTimestampSeconds,
      .snapshotAgeSeconds, .bufferedBytes, .producerRecreationsTotal:
      break
    }
  }

  private mutating func write(_ metric: Metric, _ snapshot: WorkerSnapshot) {
    switch metric {
    case .inFlight: families.write(metric, Int64(snapshot.inFlightCount))
    case .inFlightLimit: families.write(metric, Int64(snapshot.inFlightLimit))
    case .gatewayConnections: families.write(metric, Int64(snapshot.gateway.openCount))
    case .bufferedBytes: families.write(metric, Int64(snapshot.bufferedByteCount))
    case .producerRecreationsTotal:
      families.write(metric, Int64(snapshot.committer.producerRecreationCount))
    case .lanesWaiting:
      families.write(
        metric,
        zip(LaneWait.allCases, snapshot.laneWaits).map { ([("reason", "\($0.name)")], Int64($1)) })
    case .lineState:
      families.write(
        metric,
        LineStatus.State.allCases.map { ([("state", "\($0.name)")], $0 == snapshot.line.state ? 1 : 0) })
    case .banSecondsLeft:
      let until = snapshot.line.state == .banned ? snapshot.line.nextProbeAt : nil
      families.write(metric, seconds: until.map { max($0 - report.now.monotonic, .zero) } ?? .zero)
    case .clockSkewSeconds:
      if let skew = snapshot.line.clockSkew { families.write(metric, seconds: skew) }
    case .lastProgressTimestampSeconds:
      families.write(metric, seconds: .milliseconds(snapshot.progressAt.wall.milliseconds))
    case .snapshotAgeSeconds:
      families.write(metric, seconds: report.now.monotonic - snapshot.takenAt.monotonic)
    case .unresolved:
      families.write(
        metric, snapshot.partitions.map { (Self.labels($0), Int64($0.unresolvedCount + $0.unpublishedCount)) }
      )
    case .lag:
      families.write(metric, snapshot.partitions.compactMap { one in one.lag.map { (Self.labels(one), $0) } })
    case .oldestUnresolvedAgeSeconds:
      families.write(
        metric,
        seconds: report.partitions.map { (Self.labels($0.snapshot), $0.oldestAge ?? .zero) })
    case .partitionStopped:
      families.write(
        metric,
        snapshot.partitions.compactMap { one in
          guard case .undecided(let reason) = one.stage else { return nil }
          return (Self.labels(one) + [("reason", "\(reason.name)")], 1)
        })
    case .buildInfo, .logLinesDroppedTotal, .statusRecordsDroppedTotal, .healthy, .stallReason, .eventsTotal,
      .outcomesTotal, .possibleDuplicatesTotal, .publishedTotal, .gatewayAttemptsTotal,
      .gatewayRequestSeconds, .eventToOutcomeSeconds, .queueSeconds, .retriesTotal, .transactionsTotal,
      .transactionSeconds, .rebalancesTotal, .keyMismatchesTotal:
      break
    }
  }

  private static func labels(_ partition: PartitionSnapshot) -> [(String, String)] {
    [("partition", "\(partition.partition)")]
  }

  /// Kinds with the classes that they can have.
  private static func outcomes(_ tally: LineTally) -> [([(String, String)], Int64)] {
    OutcomeKind.allCases.flatMap { kind in
      kind.errorClasses.map { errorClass in
        let name = errorClass.map { "\($0.name)" } ?? "none"
        return (
          [("outcome", "\(kind.name)"), ("class", name)], Int64(tally.outcomeCount(of: kind, errorClass))
        )
      }
    }
  }
}

extension OutcomeKind {
  fileprivate var errorClasses: [ErrorClass?] {
    switch self {
    case .delivered: [nil]
    case .rejected: [.refused]
    case .invalid: [.validation]
    case .expired: [.expired]
    case .failed: [.temporary]
    case .inDoubt: [.ambiguous, .unknown]
    }
  }
}
