package import BridgeCore
internal import CRdKafka

/// librdkafka as it is linked to this process.
package enum LinkedLibrdkafka {
  /// As the library says it, for example `2.0.2`.
  package static var version: String { String(cString: rd_kafka_version_str()) }
}

extension KafkaSettings {
  /// Why the linked library cannot do what is set; nil if it can. Its cooperative assignor may spin for ever before
  /// 2.6.1.
  package var libraryFault: FatalFault? {
    switch assignment {
    case .range: return nil
    case .cooperativeSticky:
      guard rd_kafka_version() < Self.firstCooperativeVersion else { return nil }
      return FatalFault(
        .configuration,
        "kafka.assignment is cooperative-sticky, and librdkafka \(LinkedLibrdkafka.version) cannot be trusted with it: "
          + "install 2.6.1 or later, or set it to range.")
    }
  }

  /// 2.6.1, as the library writes it.
  private static let firstCooperativeVersion: Int32 = 0x02_06_01_00
}
