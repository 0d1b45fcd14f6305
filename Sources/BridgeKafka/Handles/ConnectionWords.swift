import BridgeCore
import CRdKafka

/// What a client said about its connections while it was asked something.
struct ConnectionWords {
  /// Name, password or mechanism were refused.
  private(set) var refusal: String?
  /// The last trouble of another kind; the remark that no broker is left only while there is no other.
  private(set) var trouble: String?
  /// The two sides did not agree on certificates. It may pass: a broker that is just going down sounds the same.
  private(set) var tlsTrouble: String?

  mutating func listen(to client: borrowing ClientHandle) {
    while true {
      let words = client.nextEvent { event -> (KafkaCode, String) in
        (
          KafkaCode(rd_kafka_event_error(event)),
          rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
        )
      }
      guard let (code, text) = words else { return }
      hear(code, text)
    }
  }

  mutating func hear(_ code: KafkaCode, _ text: String) {
    if code.isAccessRefusal {
      refusal = text
    } else if code == .tls {
      tlsTrouble = text
    } else if !code.isSuccess, code != .allBrokersDown || trouble == nil {
      trouble = text
    }
  }

  /// Why there was no answer although the time for it is over.
  func unansweredFault(_ settings: borrowing KafkaSettings, _ code: KafkaCode) -> FatalFault {
    if let tlsTrouble {
      return FatalFault(
        .accessDenied,
        "TLS with Kafka at \(settings.bootstrapServers) did not come about: \(tlsTrouble). Check ssl.ca.location, "
          + "the client's certificate and key, and whether this listener speaks TLS.")
    }
    return FatalFault(
      .brokerUnreachable,
      "No broker at \(settings.bootstrapServers) answered within the start-up time: "
        + "\(trouble ?? code.sentence).")
  }
}
