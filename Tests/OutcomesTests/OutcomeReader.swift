import BridgeCore
import Foundation
import Outcomes
import Testing

/// One encoded outcome, read back by another JSON reader.
struct ReadOutcome {
  var key: [UInt8]?
  var value: [UInt8]
  var headers: [(name: String, value: [UInt8])]
  var json: [String: Any]

  var size: Int { (key?.count ?? 0) + value.count + headerBytes }
  var headerBytes: Int { headers.reduce(0) { $0 + 5 + $1.name.utf8.count + $1.value.count } }
  var text: String { String(decoding: value, as: UTF8.self) }

  func header(_ name: String) -> String? {
    headers.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  func object(_ name: String) throws -> [String: Any] { try #require(json[name] as? [String: Any]) }
}

enum Sample {
  static let identity = OutcomeIdentity(
    sourceTopic: "chat-events", groupID: "lippi-bridge", instance: "host-1", version: "0.1.0",
    rulesVersion: "2024-1", appKey: "12345678")
}

/// Encodes `record` behind other bytes, checks the ranges and parses the value.
func read(_ record: OutcomeRecord, identity: OutcomeIdentity = Sample.identity) throws -> ReadOutcome {
  var encoder = OutcomeEncoder(identity: identity)
  return try read(record, with: &encoder)
}

func read(_ record: OutcomeRecord, with encoder: inout OutcomeEncoder) throws -> ReadOutcome {
  var bytes = Array("before".utf8)
  let entry = encoder.encode(record, epoch: Epoch(7), appendingTo: &bytes)
  #expect(bytes.prefix(6) == Array("before".utf8)[...])
  #expect(entry.partition == record.partition && entry.offset == record.offset && entry.epoch == Epoch(7))
  #expect(entry.headers.end == bytes.count)
  let value = Array(bytes[entry.value.start..<entry.value.end])
  var headers: [(name: String, value: [UInt8])] = []
  bytes[entry.headers.start..<entry.headers.end].withUnsafeBytes { block in
    HeaderBlock.forEach(in: block) { name, value in
      headers.append((String(decoding: name, as: UTF8.self), Array(value)))
    }
  }
  #expect(String(validating: value, as: UTF8.self) != nil, "the value is UTF-8")
  let parsed = try JSONSerialization.jsonObject(with: Foundation.Data(value))
  return ReadOutcome(
    key: entry.key.isPresent ? Array(bytes[entry.key.start..<entry.key.end]) : nil, value: value,
    headers: headers, json: try #require(parsed as? [String: Any]))
}

/// Texts that live as long as the whole test process: records only borrow.
func lasting(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
  copy.copyBytes(from: bytes)
  return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<bytes.count])
}

func lasting(_ text: String) -> UnsafeRawBufferPointer { lasting(Array(text.utf8)) }

/// A delivered outcome with everything that a usual one has.
func usualRecord() -> OutcomeRecord {
  var record = OutcomeRecord(
    resolution: .delivered, partition: 3, offset: 1_234,
    receivedAt: WallTime(milliseconds: 1_577_096_532_400),
    finishedAt: WallTime(milliseconds: 1_577_096_532_460))
  record.eventID = lasting("chat-events/3/1234")
  record.messageID = lasting("768572312")
  record.sid = lasting("testSessionId")
  record.contentType = 1
  record.buID = lasting("100")
  record.sessionSource = lasting("XSpace")
  record.openInstanceID = lasting("shop001")
  record.corpID = lasting("dingxxx")
  record.timestamp = WallTime(milliseconds: 1_577_096_532_390)
  record.key = lasting("testSessionId")
  record.content = lasting("Hello, where is my parcel? I have been waiting since Monday, order 5512-88.")
  record.senderID = lasting("member-4711")
  record.cmsID = lasting("cms-22")
  var answered = AnsweredAttempt(httpStatus: 200)
  answered.resultCode = lasting("200")
  answered.resultMessage = lasting("success")
  answered.data = lasting("11496248")
  answered.requestID = lasting("qm2xsck5fkzi")
  record.gateway = answered
  record.attemptCount = 1
  record.firstSentAt = WallTime(milliseconds: 1_577_096_532_401)
  record.gatewayMilliseconds = 58
  return record
}
