/// Command lines of Kafka's own tools that create what is missing, ready to be pasted into a shell.
package struct AdministrationLines: Sendable {
  private let bootstrapServers: String
  /// Whom the broker takes the worker for; nil where only the broker knows (a certificate, a token).
  private let principal: String?
  private let isSecured: Bool

  /// The file with the settings of an administrator's client, which a secured cluster asks for.
  package static let administratorFile = "admin.properties"
  /// What stands where the name is to be put in.
  static let unknownPrincipal = "User:NAME"

  package init(_ settings: KafkaSettings) {
    bootstrapServers = settings.bootstrapServers
    let security = settings.properties["security.protocol"]?.lowercased() ?? "plaintext"
    isSecured = security != "plaintext"
    principal =
      switch security {
      case "plaintext": "User:ANONYMOUS"
      case "sasl_plaintext", "sasl_ssl":
        (settings.properties["sasl.username"] ?? settings.properties["sasl.user.name"]).map { "User:\($0)" }
      default: nil
      }
  }

  /// Somebody has to put a name in before the lines about rights can be used.
  package var needsPrincipal: Bool { principal == nil }
  /// The lines name `administratorFile`.
  package var needsAdministratorFile: Bool { isSecured }

  package func create(_ topic: String, partitionCount: Int, replicationFactor: Int) -> String {
    "kafka-topics.sh \(connection) --create --topic \(quoted(topic)) --partitions \(partitionCount) "
      + "--replication-factor \(replicationFactor)"
  }

  package func grow(_ topic: String, to partitionCount: Int) -> String {
    "kafka-topics.sh \(connection) --alter --topic \(quoted(topic)) --partitions \(partitionCount)"
  }

  /// `value`: without commas.
  package func set(_ name: String, to value: String, ofTopic topic: String) -> String {
    "kafka-configs.sh \(connection) --alter --entity-type topics --entity-name \(quoted(topic)) "
      + "--add-config \(name)=\(value)"
  }

  package func grant(_ right: KafkaRight, _ settings: KafkaSettings) -> String {
    let resource =
      switch right {
      case .readInput, .describeInputSettings: "--topic \(quoted(settings.inputTopic))"
      case .writeResult, .describeResultSettings: "--topic \(quoted(settings.resultTopic))"
      case .writeStatus: "--topic \(quoted(settings.statusTopic ?? ""))"
      case .useGroup: "--group \(quoted(settings.groupID))"
      case .useTransactionalID:
        // For every worker of the group, and for the id that rights are tried with.
        "--transactional-id \(quoted("\(settings.groupID)-")) --resource-pattern-type prefixed"
      case .writeIdempotently, .describeBrokerSettings: "--cluster"
      }
    return
      "kafka-acls.sh \(connection) --add --allow-principal \(quoted(principal ?? Self.unknownPrincipal)) "
      + "--operation \(right.operation) \(resource)"
  }

  private var connection: String {
    "--bootstrap-server \(quoted(bootstrapServers))"
      + (isSecured ? " --command-config \(Self.administratorFile)" : "")
  }

  /// For a POSIX shell.
  private func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "._-:,/".utf8.contains(byte)
      }
    }
    if isPlain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
