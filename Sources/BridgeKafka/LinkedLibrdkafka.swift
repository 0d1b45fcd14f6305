internal import CRdKafka

/// librdkafka as it is linked to this process.
package enum LinkedLibrdkafka {
  /// As the library says it, for example `2.0.2`.
  package static var version: String { String(cString: rd_kafka_version_str()) }
}
