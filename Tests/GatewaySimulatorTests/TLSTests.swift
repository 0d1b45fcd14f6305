import CCrypto
import Foundation
import Glibc
import Testing

@testable import GatewaySimulator

/// The same gateway behind TLS.
@Suite struct TLSTests {
  @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
  func bothVersions(_ version: Int32, _ name: String) throws {
    try withSecureSimulator { simulator in
      #expect(simulator.url.hasPrefix("https://127.0.0.1:"))
      let client = try RawClient(simulator, tlsVersion: version)
      #expect(client.tls?.version == name)
      for number in 0..<3 {
        let answer = try client.post(.valid(messageID: "m-\(number)"))
        #expect(answer.isSuccess)
      }
      #expect(try simulator.logLines().map { $0["message_id"] as? String } == ["m-0", "m-1", "m-2"])
    }
  }

  @Test func olderVersionsAndOtherProtocolsAreTurnedAway() throws {
    try withSecureSimulator { simulator in
      #expect(throws: ClientFailure.self) { try RawClient(simulator, tlsVersion: TLS1_1_VERSION) }
      try simulator.awaitStat("tls_failures", 1)
      let plain = try RawClient(simulator, speaksTLS: false)
      try plain.send(TopRequest.valid().text)
      _ = plain.readToEnd()
      try simulator.awaitStat("tls_failures", 2)
      #expect(try simulator.stat("requests") == 0)
    }
  }

  /// More than a socket takes at once, in both directions.
  @Test func largeRequestsAndAnswers() throws {
    try withSecureSimulator { simulator in
      let client = try RawClient(simulator, receiveBufferBytes: 4096)
      let content = String(repeating: "你好", count: 150_000)
      let answer = try client.post(.valid(content: content))
      #expect(answer.isSuccess)
      // Ids that make the log long.
      let messageID = String(repeating: "m", count: 3000)
      for _ in 0..<300 { try client.send(TopRequest.valid(messageID: messageID).text) }
      for _ in 0..<300 { #expect(try client.answer().status == 200) }
      let log = try client.exchange("GET", "/_log")
      #expect(log.body.count > 500_000)
      #expect(try parsedLines(log.body).count == 301)
    }
  }

  @Test func connectionsEndInPeaceWhenAsked() throws {
    try withSecureSimulator { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest.valid()
      request.closes = true
      let answer = try client.post(request)
      #expect(answer.isSuccess)
      #expect(client.readToEnd() == .closed)
    }
  }

  @Test func theClientSaysGoodbye() throws {
    try withSecureSimulator { simulator in
      let client = try RawClient(simulator)
      let answer = try client.post(.valid())
      #expect(answer.isSuccess)
      client.tls?.sayGoodbye()
      try simulator.awaitStat("connections", 1)
    }
  }

  struct Tear: CustomTestStringConvertible {
    var testDescription: String
    var fault: String
    var end: ReadingEnd
    var bytesCome: Bool
    var complete: Bool
    var taken: Bool
  }

  @Test(arguments: [
    Tear(
      testDescription: "close, before", fault: #"{"kind":"close","when":"before_read"}"#, end: .torn,
      bytesCome: false, complete: false, taken: false),
    Tear(
      testDescription: "close, after", fault: #"{"kind":"close"}"#, end: .torn, bytesCome: false,
      complete: true, taken: true),
    Tear(
      testDescription: "close, in the answer", fault: #"{"kind":"close","when":"mid_answer"}"#, end: .torn,
      bytesCome: true, complete: true, taken: true),
    Tear(
      testDescription: "reset, after", fault: #"{"kind":"reset","delivered":false}"#, end: .reset,
      bytesCome: false, complete: true, taken: false),
    Tear(
      testDescription: "stall, in the answer", fault: #"{"kind":"stall","when":"mid_answer"}"#,
      end: .timedOut, bytesCome: true, complete: true, taken: true),
  ])
  func faultsTearConnections(_ tear: Tear) throws {
    try withSecureSimulator { simulator in
      try simulator.post(fault: tear.fault.dropLast() + #","count":1}"#)
      let client = try RawClient(simulator)
      try client.send(TopRequest.valid().text)
      if tear.end == .timedOut { client.setTimeout(milliseconds: 100) }
      #expect(client.readToEnd() == tear.end)
      #expect(client.received.isEmpty == !tear.bytesCome)
      client.close()
      try simulator.awaitStat(tear.complete ? "unanswered" : "torn", 1)
      let line = try #require(try simulator.logLines().first)
      #expect(line["complete"] as? Bool == tear.complete)
      #expect(line["taken"] as? Bool == tear.taken)
      #expect(line["answer"] is NSNull)
    }
  }

  @Test func filesThatCannotBeUsed() throws {
    let certificate = try TestCertificate()
    let other = try TestCertificate()
    defer {
      certificate.remove()
      other.remove()
    }
    let (good, wrongKey) = (certificate.files, other.files.key)
    for (files, isKey) in [
      (SimulatorOptions.TLSFiles(certificate: "/nowhere", key: good.key), false),
      (.init(certificate: good.key, key: good.key), false),
      (.init(certificate: good.certificate, key: "/nowhere"), true),
      (.init(certificate: good.certificate, key: wrongKey), true),
    ] {
      do {
        _ = try GatewaySimulator(options: SimulatorOptions(tls: files))
        Issue.record("\(files) was taken")
      } catch {
        switch error {
        case .certificateUnusable(let path, let reason):
          #expect(!isKey && path == files.certificate && !reason.isEmpty)
        case .keyUnusable(let path, let reason): #expect(isKey && path == files.key && !reason.isEmpty)
        case .addressUnreadable, .addressUnavailable, .logUnwritable, .tlsUnavailable, .noDescriptor,
          .noThread:
          Issue.record("\(error)")
        }
      }
    }
  }
}
