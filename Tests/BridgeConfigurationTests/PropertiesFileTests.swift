import BridgeKafka
import Testing

@testable import BridgeConfiguration

/// `kafka.properties_file`, and what neither it nor `kafka.properties` may hold.
@Suite struct PropertiesFileTests {
  @Test func propertiesOfTheFileLieUnderThoseOfTheKey() throws {
    let content = """
      # how to reach the brokers
      security.protocol=SASL_SSL
        sasl.username = desk 7\t
      ssl.keystore.password=a=b=c

      client.rack=from-file
      socket.keepalive.enable=
      """
    try withFile(content) { path in
      let configuration = try Reading(
        "kafka:\n  properties_file: \(path)\n  properties: {client.rack: from-key}\n"
      ).configuration()
      #expect(
        configuration.kafka.clientProperties() == [
          "security.protocol": "SASL_SSL", "sasl.username": "desk 7", "ssl.keystore.password": "a=b=c",
          "client.rack": "from-key", "socket.keepalive.enable": "",
        ])
      #expect(!"\(configuration.kafka)".contains("a=b=c"))
      #expect(configuration.description.contains("kafka.properties_file: \(path) (lippi.yaml:2:20)"))
    }
  }

  @Test func everyFaultOfTheFileIsNamedWhereItStands() throws {
    let content = """
      security.protocol=PLAINTEXT
      hunter2
      =hunter2
       acks = hunter2
      sasl.password=hunter2
      client.rack=hunter2
      client.rack=hunter2

      """
    try withFile(content) { path in
      #expect(
        Reading("kafka:\n  properties_file: \(path)\n").problems() == [
          "\(path):2:1: kafka.properties_file: a line is not written as name=value",
          "\(path):3:1: kafka.properties_file: a line is not written as name=value",
          "\(path):4:2: kafka.properties_file: \"acks\" may not stand here: the bridge sets it itself",
          "\(path):5:1: kafka.properties_file: \"sasl.password\" may not stand here: set kafka.sasl_password_file or "
            + "LIPPI_BRIDGE_KAFKA_SASL_PASSWORD instead",
          "\(path):7:1: kafka.properties_file: \"client.rack\" is there twice, first in line 6",
        ])
    }
  }

  @Test func aFileThatIsNotThereOrTooLargeOrNoText() throws {
    #expect(
      Reading(settings: ["kafka.properties_file=/nowhere/p"]).problems() == [
        "--set kafka.properties_file: kafka.properties_file: the file /nowhere/p cannot be read: No such file or "
          + "directory"
      ])
    try withFile(String(repeating: "a=b\n", count: 65_537)) { path in
      #expect(
        Reading(settings: ["kafka.properties_file=\(path)"]).problems() == [
          "--set kafka.properties_file: kafka.properties_file: the file \(path) is larger than 256KiB"
        ])
    }
    try withFile((0...256).map { "p\($0)=1\n" }.joined()) { path in
      #expect(
        Reading(settings: ["kafka.properties_file=\(path)"]).problems() == [
          "\(path):257:1: kafka.properties_file: has more than 256 properties"
        ])
    }
  }

  /// The reader refuses them with a sentence; the clients would refuse them, too, whoever asks.
  @Test func readerAndClientsAgreeOnWhatTheBridgeOwns() {
    let refusedByReader = Set(OwnedProperty.refusedNames)
    #expect(KafkaSettings.ownedProperties == refusedByReader.subtracting(OwnedProperty.passwords))
    for name in KafkaSettings.ownedProperties { #expect(OwnedProperty.refusal(of: name) != nil, "\(name)") }
  }
}
