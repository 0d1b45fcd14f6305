import BridgeCore
import Outcomes
import Testing

@Suite struct OutcomeHeadersTests {
  @Test func headersTellWhatRoutersNeed() throws {
    var record = usualRecord()
    record.resolution = Resolution(kind: .inDoubt, error: .noAnswer)
    let outcome = try read(record)
    let expected = [
      "source_topic": "chat-events", "content-type": "application/json", "ce_specversion": "1.0",
      "ce_source": "/lippi-bridge/lippi-bridge", "outcome": "in_doubt", "error_class": "ambiguous",
      "source_partition": "3", "source_offset": "1234", "ce_id": "chat-events/3/1234",
      "ce_type": "com.lippi-bridge.message.in_doubt.v1", "ce_time": "2019-12-23T10:22:12.460Z",
      "event_id": "chat-events/3/1234", "ce_subject": "768572312",
    ]
    #expect(outcome.headers.count == expected.count)
    for (name, value) in expected { #expect(outcome.header(name) == value, "\(name)") }
  }

  @Test func aDeliveredOutcomeHasNoErrorClass() throws {
    let outcome = try read(usualRecord())
    #expect(outcome.header("error_class") == nil)
    #expect(outcome.header("outcome") == "delivered")
  }

  @Test func theSourceIsTheSameWhoeverAsks() throws {
    for group in ["lippi-bridge", "团队", String(repeating: "g", count: 400)] {
      var identity = Sample.identity
      identity.groupID = group
      let outcome = try read(usualRecord(), identity: identity)
      #expect(outcome.header("ce_source") == OutcomeIdentity.eventSource(groupID: group))
    }
  }

  @Test func copiesPassByteForByte() throws {
    var record = usualRecord()
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    record.copiedHeaders = [
      (lasting("traceparent"), lasting(trace)), (lasting("x-odd"), lasting([0, 255, 10, 34])),
      (lasting("x-odd"), lasting("")),
    ]
    let outcome = try read(record)
    #expect(outcome.headers.suffix(3).map(\.name) == ["traceparent", "x-odd", "x-odd"])
    #expect(outcome.header("traceparent") == trace)
    #expect(outcome.headers.suffix(2).map(\.value) == [[0, 255, 10, 34], []])
  }

  @Test func copiesCannotPassForOurs() throws {
    var record = usualRecord()
    record.copiedHeaders = [
      (lasting("outcome"), lasting("rejected")), (lasting("bridge_batch"), lasting("x")),
      (lasting("ce_id"), lasting("x")), (lasting(""), lasting("x")),
      (lasting(String(repeating: "n", count: 256)), lasting("x")), (lasting("outcomes"), lasting("kept")),
    ]
    let outcome = try read(record)
    #expect(outcome.headers.filter { $0.name == "outcome" }.count == 1)
    #expect(outcome.headers.filter { $0.name == "ce_id" }.count == 1)
    #expect(outcome.header("bridge_batch") == nil)
    #expect(outcome.header("outcomes") == "kept")
    #expect(outcome.headers.count == 13)
  }

  @Test func aCopyWithoutRoomIsLeftOutAndLaterOnesStay() throws {
    var record = usualRecord()
    record.copiedHeaders = [
      (lasting("large"), lasting(String(repeating: "x", count: 5_000))), (lasting("small"), lasting("y")),
    ]
    let outcome = try read(record)
    #expect(outcome.header("large") == nil)
    #expect(outcome.header("small") == "y")
  }
}
