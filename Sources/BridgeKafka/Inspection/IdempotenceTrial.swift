import BridgeCore
import CRdKafka

/// Tries whether a producer without transactions is given the number that makes it idempotent.
struct IdempotenceTrial {
  private let settings: KafkaSettings

  init(_ settings: KafkaSettings) { self.settings = settings }

  /// Nil if it was given one; `timedOut` if nobody answered.
  func refusal(within span: TimeSpan) throws(FatalFault) -> KafkaCode? {
    let producer = try OutcomeProducer(settings, notices: KafkaNotices())
    let deadline = MonotonicTime.now + span
    // The answer has come before the client has looked at it: one more look after that.
    while MonotonicTime.now < deadline {
      let isAnswered = producer.client.observer.hasProducerNumberAnswer
      producer.poll(milliseconds: 50)
      if let failure = producer.client.fatalFailure() { return failure.code }
      if isAnswered { return nil }
    }
    return .timedOut
  }
}
