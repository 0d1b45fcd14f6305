import CRdKafka
import Testing

@testable import BridgeKafka

@Suite struct ConnectionTroubleIsToldTests {
  private static let refused = (
    KafkaCode(RD_KAFKA_RESP_ERR__TRANSPORT), "127.0.0.1:9092/bootstrap: Connect failed: Connection refused"
  )
  private static let allDown = (KafkaCode.allBrokersDown, "1/1 brokers are down")

  @Test func theRemarkThatNoBrokerIsLeftHidesNoCause() {
    var words = ConnectionWords()
    for (code, text) in [Self.refused, Self.allDown, Self.refused, Self.allDown] { words.hear(code, text) }
    #expect(words.trouble == Self.refused.1)
  }

  @Test func theRemarkIsToldWhileNothingBetterIsKnown() {
    var words = ConnectionWords()
    words.hear(Self.allDown.0, Self.allDown.1)
    #expect(words.trouble == Self.allDown.1)
    words.hear(Self.refused.0, Self.refused.1)
    #expect(words.trouble == Self.refused.1)
  }

  @Test func successIsNoTrouble() {
    var words = ConnectionWords()
    words.hear(.none, "")
    #expect(words.trouble == nil)
  }
}
