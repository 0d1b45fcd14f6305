import BridgeCore
import CRdKafka

/// What the broker must allow the worker. Reading, writing and using a group imply describing.
package enum KafkaRight: Sendable, CaseIterable {
  case readInput
  case writeResult
  /// Only with a status topic.
  case writeStatus
  case useGroup
  case useTransactionalID
  /// Only without transactions, and only on brokers before 2.8 or without a right to write.
  case writeIdempotently
  /// For the verification of settings; the worker runs without them.
  case describeInputSettings
  case describeResultSettings
  case describeBrokerSettings

  /// As kafka-acls.sh calls it.
  var operation: String {
    switch self {
    case .readInput, .useGroup: "Read"
    case .writeResult, .writeStatus, .useTransactionalID: "Write"
    case .writeIdempotently: "IdempotentWrite"
    case .describeInputSettings, .describeResultSettings, .describeBrokerSettings: "DescribeConfigs"
    }
  }

  /// The right with what it is about: `Read on topic chat-events`.
  package func name(_ settings: KafkaSettings) -> String {
    switch self {
    case .readInput, .describeInputSettings: "\(operation) on topic \(settings.inputTopic)"
    case .writeStatus: "\(operation) on topic \(settings.statusTopic ?? "")"
    case .writeResult, .describeResultSettings: "\(operation) on topic \(settings.resultTopic)"
    case .useGroup: "\(operation) on group \(settings.groupID)"
    case .useTransactionalID: "\(operation) on transactional id \(settings.transactionalID)"
    case .writeIdempotently, .describeBrokerSettings: "\(operation) on the cluster"
    }
  }

  /// `code`: what Kafka answered.
  func fault(_ settings: KafkaSettings, _ code: KafkaCode) -> FatalFault {
    let lines = AdministrationLines(settings)
    return FatalFault(
      .accessDenied,
      "Kafka refuses the right \(name(settings)) (\(code.name)). Grant it: \(lines.grant(self, settings))")
  }
}

extension FatalFault {
  /// Name or password, or the certificate, were not taken.
  static func authenticationRefused(_ settings: KafkaSettings, _ words: String) -> FatalFault {
    FatalFault(
      .accessDenied,
      "Kafka at \(settings.bootstrapServers) refused the connection: \(words). Check user name, password and "
        + "mechanism, or the client's certificate.\(scramHint(settings))")
  }

  /// Kafka 4.0 checks a part of the exchange that older libraries get wrong, and calls it wrong credentials.
  private static func scramHint(_ settings: KafkaSettings) -> String {
    let mechanism = settings.properties["sasl.mechanism"] ?? settings.properties["sasl.mechanisms"] ?? ""
    guard mechanism.uppercased().hasPrefix("SCRAM"), rd_kafka_version() < firstScramVersion else { return "" }
    return
      " librdkafka \(LinkedLibrdkafka.version) cannot do \(mechanism) with Kafka 4.0 or later: install 2.6.1 or "
      + "later, or use PLAIN over TLS."
  }

  /// 2.6.1, as the library writes it.
  private static let firstScramVersion: Int32 = 0x02_06_01_00
}
