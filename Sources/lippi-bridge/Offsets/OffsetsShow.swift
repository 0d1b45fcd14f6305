internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka

/// `lippi-bridge offsets show`: a table, or JSON lines.
enum OffsetsShow {
  /// More ranges than these are counted, not listed.
  private static let rangeLimit = 100

  static func run(_ configuration: Configuration, isJSON: Bool) throws(FatalFault) -> ExitCode {
    let settings = configuration.kafkaSettings
    let findings = try GroupLogs(settings, timeout: settings.startupTimeout).read()
    let advice = UndecidedAdvice(configurationFile: configuration.filePath)
    let rows = findings.partitions.map { Row($0, findings.limits, advice) }
    guard !isJSON else {
      for row in rows { StandardOutput.write(row.json + "\n") }
      return .success
    }
    StandardOutput.write(
      "group \(settings.groupID), input topic \(settings.inputTopic), result topic \(settings.resultTopic)\n")
    writeTable(rows)
    return .success
  }

  private static func writeTable(_ rows: [Row]) {
    let table = [Row.heading] + rows.map(\.cells)
    let widths = Row.heading.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    for (index, cells) in table.enumerated() {
      let line = zip(cells, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      StandardOutput.write(String(line.reversed().drop { $0 == " " }.reversed()) + "\n")
      if index > 0, let nextStep = rows[index - 1].nextStep { StandardOutput.write("  \(nextStep)\n") }
    }
  }

  /// One partition.
  private struct Row {
    static let heading = [
      "partition", "state", "C", "K", "published", "possibly sent", "end", "lag", "first count", "token",
    ]

    let found: RecoveredPartition
    let standing: PartitionStanding
    let nextStep: String?
    private let log: RecoveryLog?

    init(_ found: RecoveredPartition, _ limits: RecoveryLogLimits, _ advice: UndecidedAdvice) {
      self.found = found
      standing = found.standing(within: limits.characters)
      // Also one that is not gone on with, as far as it can be read.
      log = RecoveryLogCodec.decode(found.metadata)
      switch standing {
      case .undecided(let reason): nextStep = advice.nextStep(for: reason, found)
      case .continues, .fresh: nextStep = nil
      }
    }

    private var reason: UndecidedReason? {
      switch standing {
      case .undecided(let reason): reason
      case .continues, .fresh: nil
      }
    }

    private var state: String {
      switch standing {
      case .continues: "started"
      case .fresh: "fresh"
      case .undecided: "not_started"
      }
    }

    private var possiblySent: [Range<RecordOffset>] { log?.possiblySent(below: found.logEnd) ?? [] }
    private var possiblySentCount: Int { possiblySent.reduce(0) { $0 + $1.count } }
    private var lag: RecordOffset { max(0, found.logEnd - (found.committedOffset ?? found.logStart)) }

    var cells: [String] {
      let unknown = "-"
      return [
        "\(found.partition)", reason.map { "\(state): \($0.name)" } ?? state,
        found.committedOffset.map { "\($0)" } ?? unknown, log.map { "\($0.ceiling)" } ?? unknown,
        log.map { "\($0.publishedCount)" } ?? unknown, log.map { _ in "\(possiblySentCount)" } ?? unknown,
        "\(found.logEnd)", "\(lag)", log.map { "\($0.firstPartitionCount)" } ?? unknown,
        log.map { "\($0.token)" } ?? unknown,
      ]
    }

    var json: String {
      var text = ByteBuffer(capacity: 512)
      text.append("{\"partition\":")
      text.appendDecimal(Int64(found.partition))
      Self.append("state", text: state, to: &text)
      Self.append("reason", text: reason.map { "\($0.name)" }, to: &text)
      Self.append("next_step", text: nextStep, to: &text)
      Self.append("committed", found.committedOffset, to: &text)
      Self.append("ceiling", log?.ceiling, to: &text)
      Self.append("published", log?.publishedCount, to: &text)
      Self.append("possibly_sent_count", log.map { _ in Int64(possiblySentCount) }, to: &text)
      text.append(",\"possibly_sent\":[")
      for (index, range) in possiblySent.prefix(OffsetsShow.rangeLimit).enumerated() {
        text.append(text: "\(index > 0 ? "," : "")[\(range.lowerBound),\(range.upperBound - 1)]")
      }
      text.append("]")
      Self.append("token", text: log.map { "\($0.token)" }, to: &text)
      Self.append("first_partition_count", (log?.firstPartitionCount).map { Int64($0) }, to: &text)
      Self.append("log_start", found.logStart, to: &text)
      Self.append("log_end", found.logEnd, to: &text)
      Self.append("lag", lag, to: &text)
      text.append("}")
      return text.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private static func append(_ name: StaticString, text value: String?, to text: inout ByteBuffer) {
      text.append(",\"")
      text.append(name)
      text.append("\":")
      if let value { text.appendJSONString(text: value) } else { text.append("null") }
    }

    private static func append(_ name: StaticString, _ value: Int64?, to text: inout ByteBuffer) {
      text.append(",\"")
      text.append(name)
      text.append("\":")
      if let value { text.appendDecimal(value) } else { text.append("null") }
    }
  }
}
