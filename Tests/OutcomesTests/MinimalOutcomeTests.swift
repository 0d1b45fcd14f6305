import BridgeCore
import Foundation
import Outcomes
import Testing

@Suite struct MinimalOutcomeTests {
  static let resolutions: [Resolution] = [
    .delivered, Resolution(kind: .invalid, error: .invalidEvent),
    Resolution(kind: .inDoubt, error: .noAnswer),
  ]

  @Test(arguments: resolutions) func itHasTheSameMembersAndLess(resolution: Resolution) throws {
    var record = usualRecord()
    record.resolution = resolution
    record.sid = lasting(#","gateway":{},"error":null,"attempt_log":[]"#)
    record.key = lasting([UInt8](repeating: 0, count: 4_096))
    record.problems = [
      OutcomeProblem(pointer: #"/,"problems":"#, code: "missing"),
      OutcomeProblem(pointer: "/}", code: "null_value"),
    ]
    record.problemCount = 2
    record.attemptCount = 2
    record.attemptLog = [LoggedAttempt(effect: .unknown), LoggedAttempt(effect: .none)]
    record.copiedHeaders = [(lasting("traceparent"), lasting("00-1"))]
    let full = try read(record)

    var encoder = OutcomeEncoder(identity: Sample.identity)
    var source: [UInt8] = [1, 2, 3]
    let entry = encoder.encode(record, epoch: Epoch(2), appendingTo: &source)
    var bytes: [UInt8] = [4]
    let minimal = try #require(MinimalOutcome.append(entry, from: source, to: &bytes))
    #expect(
      minimal.partition == entry.partition && minimal.offset == entry.offset && minimal.epoch == entry.epoch)
    #expect(minimal.key.count == 64)
    let value = Data(bytes[minimal.value.start..<minimal.value.end])
    let json = try #require(try JSONSerialization.jsonObject(with: value) as? [String: Any])
    #expect(Set(json.keys) == Set(full.json.keys))
    let gateway = try #require(json["gateway"] as? [String: Any])
    let fullGateway = try #require(full.json["gateway"] as? [String: Any])
    #expect(Set(gateway.keys) == Set(fullGateway.keys))
    for name in ["message", "sub_message", "result_message"] { #expect(gateway[name] is NSNull, "\(name)") }
    for name in ["app_key", "http_status", "code", "sub_code", "result_code", "data", "request_id"] {
      #expect(gateway[name] as? NSObject == fullGateway[name] as? NSObject, "\(name)")
    }
    for name in [
      "attempt_log", "outcome", "event_id", "message_id", "sid", "attempts", "finished_at", "total_ms",
    ] {
      #expect(json[name] as? NSObject == full.json[name] as? NSObject, "\(name)")
    }
    if resolution.error != nil {
      let error = try #require(json["error"] as? [String: Any])
      #expect(error.count == 7)
      let problems = try #require(error["problems"] as? [[String: String]])
      #expect(problems == [["pointer": #"/,"problems":"#, "code": "missing"]])
      #expect(error["problems_total"] as? Int == 2)
    } else {
      #expect(json["error"] is NSNull)
    }
    var names: [String] = []
    bytes[minimal.headers.start..<minimal.headers.end].withUnsafeBytes { block in
      HeaderBlock.forEach(in: block) { name, _ in names.append(String(decoding: name, as: UTF8.self)) }
    }
    #expect(names == full.headers.map(\.name).filter { $0 != "traceparent" })
  }

  @Test(arguments: [Resolution(kind: .failed, error: .retriesExhausted), .delivered])
  func whatIsNotThereIsNotMissed(resolution: Resolution) throws {
    var record = usualRecord()
    record.resolution = resolution
    record.gateway = nil
    record.key = nil
    let full = try read(record)
    var encoder = OutcomeEncoder(identity: Sample.identity)
    var source: [UInt8] = []
    let entry = encoder.encode(record, epoch: Epoch(2), appendingTo: &source)
    var bytes: [UInt8] = []
    let minimal = try #require(MinimalOutcome.append(entry, from: source, to: &bytes))
    #expect(!minimal.key.isPresent)
    let value = Data(bytes[minimal.value.start..<minimal.value.end])
    let json = try #require(try JSONSerialization.jsonObject(with: value) as? NSDictionary)
    #expect(json == full.json as NSDictionary)
  }

  @Test func aForeignEntryHasNone() {
    let range = TextRange(start: 0, count: 2)
    let entry = OutcomeEntry(
      partition: 0, epoch: Epoch(1), offset: 0, key: .absent, value: range,
      headers: TextRange(start: 0, count: 0))
    var bytes: [UInt8] = []
    #expect(MinimalOutcome.append(entry, from: Array("{}".utf8), to: &bytes) == nil)
  }
}
