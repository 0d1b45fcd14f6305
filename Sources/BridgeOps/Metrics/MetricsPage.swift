import BridgeCore

/// The table of metrics, for people.
package enum MetricsPage {
  package static var text: String {
    let width = Metric.allCases.map { label($0).count }.max() ?? 0
    return Metric.allCases.map { metric in
      let label = label(metric)
      let gap = String(repeating: " ", count: width - label.count)
      return "\(label)\(gap)  \(metric.kind.rawValue)  \(metric.explanation)\n"
    }.joined()
  }

  package static var markdown: String {
    var page = """
      # Metrics

      `GET /metrics` of the admin port (`admin.listen`, 127.0.0.1:9464) gives them in Prometheus' text format. Counters
      begin at 0 when the worker starts. This page is written by `lippi-bridge metrics --markdown`.

      | metric | type | labels | meaning |
      | --- | --- | --- | --- |

      """
    for metric in Metric.allCases {
      let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
      page += "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.explanation) |\n"
    }
    page += """

      Buckets of the histograms, in seconds: \(buckets).

      Values of labels:

      | label | values |
      | --- | --- |

      """
    for (label, values) in values {
      page += "| \(label) | \(values.map { "`\($0)`" }.joined(separator: ", ")) |\n"
    }
    page += """

      `partition` is the number of an input partition that this worker owns.

      ## Why events wait

      `stall_reason` and the partitions of `GET /health` use these words:

      | reason | what to do |
      | --- | --- |

      """
    for reason in StallReason.allCases { page += "| `\(reason.name)` | \(reason.nextStep) |\n" }
    return page
  }

  private static func label(_ metric: Metric) -> String {
    metric.labels.isEmpty ? metric.name : "\(metric.name){\(metric.labels.joined(separator: ","))}"
  }

  private static var buckets: String {
    TimeHistogram.bounds.map { bound in
      let text = "\(Double(bound) / 1_000_000)"
      return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }.joined(separator: ", ")
  }

  private static var values: [(String, [StaticString])] {
    [
      ("`outcome`", OutcomeKind.allCases.map(\.name)),
      ("`class` of outcomes", ["none"] + ErrorClass.allCases.map(\.name)),
      ("`class` of attempts and retries", VerdictClass.allCases.map(\.name)),
      ("`effect`", Effect.allCases.map(\.name)),
      ("`reason` of lanes_waiting", LaneWait.allCases.map(\.name)),
      ("`reason` of stall_reason", StallReason.allCases.map(\.name)),
      ("`reason` of partition_stopped", UndecidedReason.allCases.map(\.name)),
      ("`state`", LineStatus.State.allCases.map(\.name)),
      ("`result`", BatchResult.allCases.map(\.name)),
      ("`event`", RebalanceEvent.allCases.map(\.name)),
    ]
  }
}
