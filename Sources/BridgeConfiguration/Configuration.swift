/// The settled configuration: every value checked, every default filled in. Times are milliseconds, sizes bytes.
package struct Configuration: Sendable {
  package var kafka: KafkaSection
  package var input: InputSection
  package var gateway: GatewaySection
  package var retry: RetrySection
  package var ambiguousPolicy: AmbiguousPolicy
  package var breaker: BreakerSection
  package var brake: BrakeSection
  package var outcomes: OutcomesSection
  package var statusTopic: String?
  package var bufferedByteLimit: Int
  package var shutdown: ShutdownSection
  package var stalledAfterMilliseconds: Int64
  package var admin: AdminSection
  package var log: LogSection
  /// Every key that has a value, as it may be shown (secrets redacted) and where it was set, in the table's order.
  package var settings: [ShownSetting]
}

package struct KafkaSection: Sendable {
  package var bootstrapServers: String
  package var groupID: String
  package var instance: String
  package var isStaticMember: Bool
  package var assignment: PartitionAssignment
  package var startupTimeoutMilliseconds: Int64
  /// `kafka.properties`, in the order in which they were set; without the passwords below.
  package var properties: [KafkaProperty]
  package var saslPassword: Secret?
  package var sslKeyPassword: Secret?

  package var transactionalID: String { "\(groupID)-\(instance)" }

  /// What goes to librdkafka beside the bridge's own properties, passwords included: for the client alone, never
  /// for a log.
  package func clientProperties() -> [String: String] {
    var all: [String: String] = [:]
    for property in properties { all[property.name] = property.reveal() }
    if let saslPassword { all["sasl.password"] = saslPassword.reveal() }
    if let sslKeyPassword { all["ssl.key.password"] = sslKeyPassword.reveal() }
    return all
  }
}

package enum PartitionAssignment: String, CaseIterable, Sendable {
  case range
  case cooperativeSticky = "cooperative-sticky"
}

/// One property of librdkafka. The value is revealed to the client alone; a secret one is never shown.
package struct KafkaProperty: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package let name: String
  private let value: String
  package let isSecret: Bool

  package init(name: String, value: String, isSecret: Bool) {
    self.name = name
    self.value = value
    self.isSecret = isSecret
  }

  package func reveal() -> String { value }
  package var description: String { "\(name): \(isSecret ? Secret.redacted : value)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["shown": description]) }
}

package struct InputSection: Sendable {
  package var topic: String
  /// Nothing set: only a group that has committed offsets can start.
  package var start: StartPosition?
  package var valueByteLimit: Int
  package var contentByteLimit: Int
  /// Empty if events have the members under their own names.
  package var mapping: [ConfiguredMappingSetting]
}

package enum StartPosition: Hashable, Sendable {
  case earliest
  case latest
  case time(epochMilliseconds: Int64)
}

package struct GatewaySection: Sendable {
  package var url: String
  package var appKey: String
  package var appSecret: Secret
  package var session: Secret?
  package var signMethod: SignMethod
  package var caller: CallerSection
  package var concurrency: Int
  /// 0: no limit.
  package var requestsPerSecond: Int
  /// 0: no event is too old.
  package var maxEventAgeMilliseconds: Int64
  package var banDefaultMilliseconds: Int64
  package var requestTimeoutMilliseconds: Int64
  package var connectTimeoutMilliseconds: Int64
  package var idleTimeoutMilliseconds: Int64
  package var answerByteLimit: Int
  /// Paths of PEM files.
  package var authorityFile: String?
  package var clientCertificateFile: String?
  package var clientKeyFile: String?
  package var proxy: ProxySection?
  /// Tried before the built-in ones, in their order.
  package var rules: [ConfiguredRule]
}

package struct ProxySection: Sendable {
  package var url: String
  package var user: String?
  package var password: Secret?
}

package enum SignMethod: String, CaseIterable, Sendable {
  case md5
  case hmac
  case hmacSHA256 = "hmac-sha256"
}

package struct CallerSection: Sendable {
  package var corpID: String?
  package var orgID: Int64?
  /// 0 enterprise, 1 ISV.
  package var tokenGrantType: Int64?
  package var isvOrgID: Int64?
  package var suiteKey: String?
}

package struct RetrySection: Sendable {
  package var attemptLimit: Int
  package var baseMilliseconds: Int64
  package var capMilliseconds: Int64
  package var maxTimeMilliseconds: Int64
}

/// Shares are parts in 1 000.
package struct BreakerSection: Sendable {
  package var windowMilliseconds: Int64
  package var resultMinimum: Int
  package var failureShare: Int
  package var failuresInARow: Int
  package var probeBaseMilliseconds: Int64
  package var probeCapMilliseconds: Int64
}

package struct BrakeSection: Sendable {
  package var window: Int
  /// In 1 000.
  package var share: Int
}

package enum AmbiguousPolicy: String, CaseIterable, Sendable {
  case resend, report
}

package struct OutcomesSection: Sendable {
  package var topic: String
  package var delivery: OutcomeDelivery
  package var commitIntervalMilliseconds: Int64
  package var copiedHeaderNames: [String]
}

package enum OutcomeDelivery: String, CaseIterable, Sendable {
  case exactlyOnce = "exactly_once"
  case atLeastOnce = "at_least_once"
}

package struct ShutdownSection: Sendable {
  package var gracePeriodMilliseconds: Int64

  /// Kept for the final transaction, for leaving the group and for closing the clients.
  package static let closingMilliseconds: Int64 = 15_000
  /// How long requests under way may go on after the signal.
  package var drainMilliseconds: Int64 { gracePeriodMilliseconds - Self.closingMilliseconds }
}

package struct AdminSection: Sendable {
  /// Nil: nothing is served.
  package var listen: ListenSetting?
  package var token: Secret?
}

package struct LogSection: Sendable {
  package var level: LogLevel
  package var format: LogFormat
}

package enum LogLevel: String, CaseIterable, Sendable {
  case debug, info, warning, error
}

package enum LogFormat: String, CaseIterable, Sendable {
  case auto, json, text
}

/// A setting as a person may see it.
package struct ShownSetting: Hashable, Sendable, CustomStringConvertible {
  package var name: String
  /// As it would be written in the file; `<redacted>` for secrets.
  package var value: String
  package var place: SettingPlace

  package var description: String { "\(name): \(value) (\(place))" }
}

extension Configuration: CustomStringConvertible, CustomDebugStringConvertible {
  package var description: String { settings.map(\.description).joined(separator: "\n") }
  package var debugDescription: String { description }
}
