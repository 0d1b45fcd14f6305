import BridgeCore
import Foundation
import Testing

@testable import BridgeKafka

@Suite struct LinesForAdministratorsTests {
  private func settings(_ properties: [String: String] = [:], group: String = "g") -> KafkaSettings {
    var settings = KafkaSettings(
      bootstrapServers: "k1:9092,k2:9092", groupID: group, instance: "a", inputTopic: "in",
      resultTopic: "out")
    settings.properties = properties
    return settings
  }

  @Test func aTopic() {
    let lines = AdministrationLines(settings())
    #expect(
      lines.create("in", partitionCount: 6, replicationFactor: 3)
        == "kafka-topics.sh --bootstrap-server k1:9092,k2:9092 --create --topic in --partitions 6 "
        + "--replication-factor 3")
    #expect(!lines.needsPrincipal)
    #expect(!lines.needsAdministratorFile)
  }

  @Test(arguments: [
    ("plain", "plain"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$(reboot)", "'$(reboot)'"), ("", "''"),
  ])
  func namesAreQuotedForAShell(_ group: String, _ quoted: String) {
    let settings = settings(group: group)
    let line = AdministrationLines(settings).grant(.useGroup, settings)
    #expect(line.hasSuffix("--operation Read --group \(quoted)"))
  }

  @Test(
    arguments: [
      (["security.protocol": "SASL_SSL", "sasl.username": "alice"], "User:alice", false),
      (["security.protocol": "ssl"], "User:NAME", true), ([:], "User:ANONYMOUS", false),
    ] as [([String: String], String, Bool)])
  func whoTheWorkerIs(_ properties: [String: String], _ principal: String, _ isUnknown: Bool) {
    let settings = settings(properties)
    let lines = AdministrationLines(settings)
    #expect(lines.grant(.readInput, settings).contains("--allow-principal \(principal) "))
    #expect(lines.needsPrincipal == isUnknown)
    #expect(lines.needsAdministratorFile == !properties.isEmpty)
  }

  /// docs/kafka-acls.md has a row and a line for each right, as the program says them.
  @Test func thePageAboutRightsHasEveryRight() throws {
    var settings = KafkaSettings(
      bootstrapServers: "localhost:9092", groupID: "lippi-bridge", instance: "worker-1",
      inputTopic: "chat-events", resultTopic: "chat-outcomes")
    settings.properties = ["security.protocol": "sasl_ssl", "sasl.username": "lippi-bridge"]
    settings.statusTopic = "chat-status"
    let lines = AdministrationLines(settings)
    let page = try documentation("kafka-acls.md")
    let shown = page.split(separator: "\n").filter { $0.hasPrefix("    kafka-acls.sh ") }
    #expect(shown.map { String($0.dropFirst(4)) } == KafkaRight.allCases.map { lines.grant($0, settings) })
    for right in KafkaRight.allCases {
      let resource = right.name(settings).replacing("lippi-bridge-worker-1", with: "lippi-bridge-*")
      #expect(page.contains("| \(resource) |"), "\(resource)")
    }
  }

  private func documentation(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "docs/\(name)"), encoding: .utf8)
  }

  /// A client that the library refuses to make is a fault to be told, not the end of the process.
  @Test func aClientThatCannotBeMade() {
    let settings = settings(["security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN"])
    var found: FatalFault?
    do throws(FatalFault) {
      _ = try settings.verifyTopics(timeout: .seconds(1), notices: KafkaNotices())
    } catch {
      found = error
    }
    #expect(found?.kind == .configuration)
    #expect(found?.message.contains("sasl.username") == true)
  }
}
