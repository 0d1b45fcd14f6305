import Testing

@testable import BridgeCore
@testable import BridgeOps

@Suite struct MetricsAreCompleteTests {
  private func lines(_ snapshot: WorkerSnapshot?) -> [Substring] {
    let text = MetricsText(
      snapshot: snapshot, identity: Samples.identity, stalledAfter: .seconds(60), now: Samples.moment(100),
      droppedLineCount: 3, droppedStatusCount: 4)
    return String(decoding: text.bytes, as: UTF8.self).split(separator: "\n")
  }

  @Test func everyMetricHasHelpTypeAndSamplesWithItsLabels() {
    let snapshot = Samples.snapshot([
      Samples.waiting(0, since: 10), Samples.waiting(1, since: 10, .undecided(.foreignOffset)),
    ]) { $0.line.clockSkew = .milliseconds(-1_500) }
    let lines = lines(snapshot)
    for metric in Metric.allCases {
      #expect(lines.count { $0.hasPrefix("# HELP \(metric.name) ") } == 1, "\(metric)")
      #expect(lines.contains("# TYPE \(metric.name) \(metric.kind.rawValue)"), "\(metric)")
      let own = lines.filter { line in
        let name = line.prefix { $0 != "{" && $0 != " " }
        return name == metric.name || (metric.kind == .histogram && name == metric.name + "_bucket")
      }
      #expect(!own.isEmpty, "\(metric)")
      for line in own {
        let labels =
          line.firstIndex(of: "{").map { line[line.index(after: $0)...].prefix { $0 != "}" } } ?? ""
        let names = labels.split(separator: ",").map { String($0.prefix { $0 != "=" }) }
        #expect(names == (metric.kind == .histogram ? ["le"] : metric.labels), "\(line)")
      }
    }
    #expect(lines.contains("lippi_bridge_clock_skew_seconds -1.5"))
    #expect(lines.contains("lippi_bridge_log_lines_dropped_total 3"))
    #expect(lines.contains("lippi_bridge_status_records_dropped_total 4"))
    #expect(lines.contains(#"lippi_bridge_partition_stopped{partition="1",reason="foreign_offset"} 1"#))
    #expect(lines.contains(#"lippi_bridge_lag{partition="0"} 10"#))
    #expect(lines.contains(#"lippi_bridge_oldest_unresolved_age_seconds{partition="0"} 90"#))
    #expect(lines.contains("lippi_bridge_healthy 0"))
  }

  @Test func beforeTheFirstSnapshot() {
    let lines = lines(nil)
    #expect(lines.contains { $0.hasPrefix("lippi_bridge_build_info{") })
    #expect(lines.contains("lippi_bridge_healthy 0"))
    #expect(!lines.contains { $0.hasPrefix("lippi_bridge_lag") })
  }

  @Test func bucketsAreCumulated() {
    var tally = LineTally()
    let verdict = Verdict(.delivered, effect: .done)
    for milliseconds in [0, 1, 3, 700, 90_000] as [Int64] {
      tally.attemptEnded(verdict, duration: .milliseconds(milliseconds), goesOn: false)
    }
    let lines = lines(Samples.snapshot { $0.tally = tally })
    func bucket(_ bound: String) -> Substring? {
      lines.first { $0.hasPrefix("lippi_bridge_gateway_request_seconds_bucket{le=\"\(bound)\"} ") }?
        .split(separator: " ").last
    }
    #expect(bucket("0.001") == "2")
    #expect(bucket("0.005") == "3")
    #expect(bucket("1") == "4")
    #expect(bucket("60") == "4")
    #expect(bucket("+Inf") == "5")
    #expect(lines.contains("lippi_bridge_gateway_request_seconds_sum 90.704"))
    #expect(lines.contains("lippi_bridge_gateway_request_seconds_count 5"))
    #expect(lines.contains(#"lippi_bridge_gateway_attempts_total{class="delivered",effect="done"} 5"#))
  }

  @Test func everyOutcomeIsCountedSomewhere() {
    var tally = LineTally()
    var course = DeliveryCourse()
    course.finishedAt = WallTime(milliseconds: 5)
    for error in OutcomeError.allCases {
      let kind: OutcomeKind =
        switch error.errorClass {
        case .validation: .invalid
        case .refused: .rejected
        case .temporary: .failed
        case .expired: .expired
        case .ambiguous, .unknown: .inDoubt
        }
      tally.outcomeRecorded(
        Resolution(kind: kind, error: error), course, possibleDuplicate: false, eventTime: nil)
    }
    tally.outcomeRecorded(.delivered, course, possibleDuplicate: true, eventTime: nil)
    let sum = lines(Samples.snapshot { $0.tally = tally }).filter {
      $0.hasPrefix("lippi_bridge_outcomes_total{")
    }
    .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    #expect(sum == OutcomeError.allCases.count + 1)
  }

  @Test func labelsAreEscaped() {
    var identity = Samples.identity
    identity.rules = "a\"b\\c\nd"
    let text = MetricsText(
      snapshot: nil, identity: identity, stalledAfter: .seconds(60), now: Samples.moment(1),
      droppedLineCount: 0,
      droppedStatusCount: 0)
    #expect(String(decoding: text.bytes, as: UTF8.self).contains(#"rules="a\"b\\c\nd"} 1"#))
  }
}
