import BridgeCore

/// Writes families of samples, each with its help and type.
struct MetricFamilies: ~Copyable {
  private(set) var text = ByteBuffer(capacity: 16_384)

  mutating func write(_ metric: Metric, _ value: Int64) { write(metric, [([], value)]) }

  mutating func write(_ metric: Metric, _ samples: [(labels: [(String, String)], value: Int64)]) {
    begin(metric)
    for sample in samples {
      text.append(text: metric.name)
      append(sample.labels)
      text.append(UInt8(ascii: " "))
      text.appendDecimal(sample.value)
      text.append(UInt8(ascii: "\n"))
    }
  }

  mutating func write(_ metric: Metric, seconds value: TimeSpan) { write(metric, seconds: [([], value)]) }

  mutating func write(_ metric: Metric, seconds samples: [(labels: [(String, String)], value: TimeSpan)]) {
    begin(metric)
    for sample in samples {
      text.append(text: metric.name)
      append(sample.labels)
      text.append(UInt8(ascii: " "))
      append(seconds: sample.value)
      text.append(UInt8(ascii: "\n"))
    }
  }

  mutating func write(_ metric: Metric, _ histogram: TimeHistogram) {
    begin(metric)
    var count = 0
    for (index, bucket) in histogram.counts.enumerated() {
      count += bucket
      text.append(text: metric.name)
      text.append("_bucket{le=\"")
      if index < TimeHistogram.bounds.count {
        append(seconds: TimeSpan(microseconds: TimeHistogram.bounds[index]))
      } else {
        text.append("+Inf")
      }
      text.append("\"} ")
      text.appendDecimal(Int64(count))
      text.append(UInt8(ascii: "\n"))
    }
    text.append(text: metric.name)
    text.append("_sum ")
    append(seconds: histogram.sum)
    text.append(UInt8(ascii: "\n"))
    text.append(text: metric.name)
    text.append("_count ")
    text.appendDecimal(Int64(count))
    text.append(UInt8(ascii: "\n"))
  }

  private mutating func begin(_ metric: Metric) {
    text.append(
      text: "# HELP \(metric.name) \(metric.explanation)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n")
  }

  private mutating func append(_ labels: [(String, String)]) {
    guard !labels.isEmpty else { return }
    for (index, (name, value)) in labels.enumerated() {
      text.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
      text.append(text: name)
      text.append("=\"")
      for byte in value.utf8 {
        switch byte {
        case UInt8(ascii: "\\"): text.append("\\\\")
        case UInt8(ascii: "\""): text.append("\\\"")
        case UInt8(ascii: "\n"): text.append("\\n")
        default: text.append(byte)
        }
      }
      text.append(UInt8(ascii: "\""))
    }
    text.append(UInt8(ascii: "}"))
  }

  /// Without a needless fraction: 0.0025, 1, 30.
  private mutating func append(seconds span: TimeSpan) {
    if span.microseconds < 0 { text.append(UInt8(ascii: "-")) }
    let microseconds = span.microseconds.magnitude
    text.appendDecimal(Int64(microseconds / 1_000_000))
    var fraction = microseconds % 1_000_000
    guard fraction > 0 else { return }
    text.append(UInt8(ascii: "."))
    var unit: UInt64 = 100_000
    while fraction > 0 {
      text.append(UInt8(ascii: "0") + UInt8(fraction / unit))
      fraction %= unit
      unit /= 10
    }
  }
}
