/// Every metric of the worker, in the order in which it is written: text, page and tests come from this table.
package enum Metric: String, Sendable, CaseIterable {
  case buildInfo = "build_info"
  case eventsTotal = "events_total"
  case outcomesTotal = "outcomes_total"
  case possibleDuplicatesTotal = "possible_duplicates_total"
  case publishedTotal = "outcomes_published_total"
  case gatewayAttemptsTotal = "gateway_attempts_total"
  case gatewayRequestSeconds = "gateway_request_seconds"
  case eventToOutcomeSeconds = "event_to_outcome_seconds"
  case queueSeconds = "queue_seconds"
  case inFlight = "in_flight"
  case inFlightLimit = "in_flight_limit"
  case lanesWaiting = "lanes_waiting"
  case retriesTotal = "retries_total"
  case lineState = "line_state"
  case banSecondsLeft = "ban_seconds_left"
  case clockSkewSeconds = "clock_skew_seconds"
  case gatewayConnections = "gateway_connections"
  case healthy
  case stallReason = "stall_reason"
  case unresolved
  case oldestUnresolvedAgeSeconds = "oldest_unresolved_age_seconds"
  case lag
  case partitionStopped = "partition_stopped"
  case lastProgressTimestampSeconds = "last_progress_timestamp_seconds"
  case snapshotAgeSeconds = "snapshot_age_seconds"
  case bufferedBytes = "buffered_bytes"
  case transactionsTotal = "transactions_total"
  case transactionSeconds = "transaction_seconds"
  case producerRecreationsTotal = "producer_recreations_total"
  case rebalancesTotal = "rebalances_total"
  case keyMismatchesTotal = "key_mismatches_total"
  case logLinesDroppedTotal = "log_lines_dropped_total"
  case statusRecordsDroppedTotal = "status_records_dropped_total"

  package enum Kind: String, Sendable { case counter, gauge, histogram }

  package static let prefix = "lippi_bridge_"

  package var name: String { Self.prefix + rawValue }

  package var kind: Kind {
    switch self {
    case .eventsTotal, .outcomesTotal, .possibleDuplicatesTotal, .publishedTotal, .gatewayAttemptsTotal,
      .retriesTotal, .transactionsTotal, .producerRecreationsTotal, .rebalancesTotal, .keyMismatchesTotal,
      .logLinesDroppedTotal, .statusRecordsDroppedTotal:
      .counter
    case .gatewayRequestSeconds, .eventToOutcomeSeconds, .queueSeconds, .transactionSeconds: .histogram
    case .buildInfo, .inFlight, .inFlightLimit, .lanesWaiting, .lineState, .banSecondsLeft, .clockSkewSeconds,
      .gatewayConnections, .healthy, .stallReason, .unresolved, .oldestUnresolvedAgeSeconds, .lag,
      .partitionStopped, .lastProgressTimestampSeconds, .snapshotAgeSeconds, .bufferedBytes:
      .gauge
    }
  }

  /// Names of its labels.
  package var labels: [String] {
    switch self {
    case .buildInfo: ["version", "librdkafka", "rules"]
    case .outcomesTotal: ["outcome", "class"]
    case .gatewayAttemptsTotal: ["class", "effect"]
    case .lanesWaiting, .stallReason: ["reason"]
    case .retriesTotal: ["class"]
    case .lineState: ["state"]
    case .unresolved, .oldestUnresolvedAgeSeconds, .lag: ["partition"]
    case .partitionStopped: ["partition", "reason"]
    case .transactionsTotal: ["result"]
    case .rebalancesTotal: ["event"]
    case .eventsTotal, .possibleDuplicatesTotal, .publishedTotal, .gatewayRequestSeconds,
      .eventToOutcomeSeconds, .queueSeconds, .inFlight, .inFlightLimit, .banSecondsLeft, .clockSkewSeconds,
      .gatewayConnections, .healthy, .lastProgressTimestampSeconds, .snapshotAgeSeconds, .bufferedBytes,
      .transactionSeconds, .producerRecreationsTotal, .keyMismatchesTotal, .logLinesDroppedTotal,
      .statusRecordsDroppedTotal:
      []
    }
  }

  /// One sentence, without a line feed or a backslash.
  package var explanation: String {
    switch self {
    case .buildInfo: "Always 1; the labels say what is running."
    case .eventsTotal: "Records taken from the input topic."
    case .outcomesTotal: "Outcomes by kind and error class (none: no error), durable or about to be."
    case .possibleDuplicatesTotal: "Outcomes that say possible_duplicate."
    case .publishedTotal: "Outcomes that are durable."
    case .gatewayAttemptsTotal:
      "Requests that wrote at least one byte, by what their answer means and by effect."
    case .gatewayRequestSeconds: "Time of a request, from its first byte to the end of the answer."
    case .eventToOutcomeSeconds: "Time from the event's Kafka timestamp to its outcome."
    case .queueSeconds: "Time from the arrival of an event to its first request."
    case .inFlight: "Requests under way."
    case .inFlightLimit: "The most requests that may be under way (gateway.concurrency)."
    case .lanesWaiting: "Conversations whose first unresolved event waits, by what for."
    case .retriesTotal: "Attempts after which the event was sent again, by what the answer means."
    case .lineState: "1 for the state that the line is in, 0 for the others."
    case .banSecondsLeft: "Until the gateway's ban ends; 0 without one."
    case .clockSkewSeconds: "This machine's clock less the gateway's; missing until an answer has told it."
    case .gatewayConnections: "Open connections to the gateway."
    case .healthy: "1 if GET /health answers 200."
    case .stallReason: "1 for each reason for which something waits now, 0 for the others."
    case .unresolved: "Events that were read and have no durable outcome yet."
    case .oldestUnresolvedAgeSeconds:
      "Age of the oldest event without a durable outcome; for a partition that is not read, at least."
    case .lag: "Records from the committed offset to the end of the partition."
    case .partitionStopped: "1 for a partition that is not started until somebody decides."
    case .lastProgressTimestampSeconds:
      "When an outcome last became durable; the start of the worker before the first."
    case .snapshotAgeSeconds: "Age of the figures; it grows when the worker's loop stands still."
    case .bufferedBytes: "Events and outcomes held in memory (limits.buffered_bytes)."
    case .transactionsTotal: "Batches of outcomes, by what became of them."
    case .transactionSeconds: "Time from handing a batch to the committer to its answer."
    case .producerRecreationsTotal: "Producers of outcomes that were given up for a new one."
    case .rebalancesTotal: "What the consumer group did with this member."
    case .keyMismatchesTotal: "Events whose key is another than their sid."
    case .logLinesDroppedTotal: "Log lines that were not written because the reader was too slow, or gone."
    case .statusRecordsDroppedTotal: "Records for the status topic that were dropped."
    }
  }
}
