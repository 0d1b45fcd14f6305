internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeKafka
internal import Glibc
internal import LippiAPI

/// What can be looked at without a network.
struct SettingsCheck {
  private let configuration: Configuration

  init(_ configuration: Configuration) { self.configuration = configuration }

  var findings: [CheckFinding] {
    [settings, durations, mapping, rules, openFiles] + secrets + [keyFile, assignment].compactMap { $0 }
  }

  /// One finding for each fault of a configuration that cannot be used.
  static func findings(_ refusal: ConfigurationRefusal) -> [CheckFinding] {
    refusal.problems.map { problem in
      CheckFinding(
        .faulty(.configuration), "configuration", problem.description,
        advice: "lippi-bridge config example shows every key")
    }
  }

  private var settings: CheckFinding {
    let places = configuration.settings.map(\.place)
    let setCount = places.count { $0 != .standard }
    return CheckFinding(
      .good, "configuration",
      "\(setCount) keys are set, the other \(places.count - setCount) have their defaults")
  }

  private var assignment: CheckFinding? {
    configuration.kafkaSettings.libraryFault.map {
      CheckFinding(.faulty(.configuration), "assignment", $0.message, advice: nil)
    }
  }

  private var durations: CheckFinding {
    let timeout = TimeSpan.milliseconds(configuration.gateway.requestTimeoutMilliseconds)
    let drain = TimeSpan.milliseconds(configuration.shutdown.drainMilliseconds)
    return CheckFinding(
      .good, "durations",
      "A request may take \(Self.seconds(timeout)), a stop waits \(Self.seconds(drain)) for requests under way and "
        + "ends after \(Self.seconds(.milliseconds(configuration.shutdown.gracePeriodMilliseconds))) at the latest; "
        + "whoever stops the worker must wait longer")
  }

  private var mapping: CheckFinding {
    let members = Set(configuration.input.mapping.map { $0.path[0] })
    return CheckFinding(
      .good, "mapping",
      members.isEmpty
        ? "Events are taken as they are: no mapping is configured"
        : "Mapped are \(members.sorted().joined(separator: ", ")); lippi-bridge convert --explain shows what comes out"
    )
  }

  private var rules: CheckFinding {
    let count = configuration.gateway.rules.count
    return CheckFinding(
      .good, "rules",
      "Answers of the gateway are judged by rules \(RuleTable(configured: configuration.gateway.rules).version), "
        + (count == 0 ? "all built in" : "\(count) of them configured"))
  }

  private var openFiles: CheckFinding {
    let needed = OpenFileLimit.needed(connectionLimit: configuration.gateway.concurrency)
    let allowed = OpenFileLimit.allowed
    guard allowed < needed else {
      return CheckFinding(
        .good, "open files",
        "gateway.concurrency \(configuration.gateway.concurrency) needs \(needed) open files, \(allowed) are allowed"
      )
    }
    return CheckFinding(
      .faulty(.configuration), "open files",
      "gateway.concurrency \(configuration.gateway.concurrency) needs \(needed) open files, \(allowed) are allowed",
      advice: "Raise the limit (ulimit -Hn, LimitNOFILE) or lower the concurrency")
  }

  // MARK: secrets

  private var secrets: [CheckFinding] {
    [
      ("gateway.app_secret", configuration.gateway.appSecret),
      ("gateway.session", configuration.gateway.session),
      ("gateway.proxy_password", configuration.gateway.proxy?.password),
      ("kafka.sasl_password", configuration.kafka.saslPassword),
      ("kafka.ssl_key_password", configuration.kafka.sslKeyPassword),
      ("admin.token", configuration.admin.token),
    ].compactMap { name, secret in secret.map { finding(name, $0) } }
  }

  private func finding(_ name: String, _ secret: Secret) -> CheckFinding {
    switch secret.source {
    case .variable(let variable):
      CheckFinding(
        .good, name, "It comes from \(variable); to change it the worker must be started again")
    case .file(let path):
      Self.finding(name, secretFile: path, "It comes from \(path), which can be read")
    }
  }

  /// The key of the client's certificate is a secret as well.
  private var keyFile: CheckFinding? {
    let property = configuration.kafka.properties.first {
      $0.name == "ssl.key.location" || $0.name == "ssl.keystore.location"
    }
    guard let property else { return nil }
    let path = property.reveal()
    guard access(path, R_OK) == 0 else {
      return CheckFinding(
        .faulty(.configuration), "kafka \(property.name)", "\(path) cannot be read by this user",
        advice: "Give the file to the user that runs the worker")
    }
    return Self.finding("kafka \(property.name)", secretFile: path, "\(path) can be read")
  }

  private static func finding(_ name: String, secretFile path: String, _ sentence: String) -> CheckFinding {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IROTH != 0 else {
      return CheckFinding(.good, name, sentence)
    }
    return CheckFinding(
      .doubtful, name, "\(sentence), and so can everybody on this machine", advice: "chmod o-rwx \(path)")
  }

  private static func seconds(_ span: TimeSpan) -> String {
    span.milliseconds % 1_000 == 0 ? "\(span.milliseconds / 1_000) s" : "\(span.milliseconds) ms"
  }
}
