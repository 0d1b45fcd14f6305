internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeHTTP
internal import BridgeKafka
internal import BridgeOps
internal import BridgeRuntime
internal import ChatEvents
internal import Glibc
internal import LippiAPI
internal import Outcomes

/// The configuration in the words of each part.
extension Configuration {
  var kafkaSettings: KafkaSettings {
    var settings = KafkaSettings(
      bootstrapServers: kafka.bootstrapServers, groupID: kafka.groupID, instance: kafka.instance,
      inputTopic: input.topic, resultTopic: outcomes.topic)
    settings.guarantee = outcomes.delivery == .exactlyOnce ? .exactlyOnce : .atLeastOnce
    settings.membership = kafka.isStaticMember ? .fixed : .dynamic
    settings.assignment = kafka.assignment == .range ? .range : .cooperativeSticky
    settings.start = input.start.map { start in
      switch start {
      case .earliest: .earliest
      case .latest: .latest
      case .time(let milliseconds): .time(WallTime(milliseconds: milliseconds))
      }
    }
    settings.startupTimeout = .milliseconds(kafka.startupTimeoutMilliseconds)
    settings.properties = kafka.clientProperties()
    settings.outcomeSource = OutcomeIdentity.eventSource(groupID: kafka.groupID)
    settings.statusTopic = statusTopic
    return settings
  }

  func deliverySettings(_ counts: TopicCounts) -> DeliverySettings {
    var settings = DeliverySettings()
    settings.recoveryLogLimits = counts.recoveryLogLimits
    settings.inFlightLimit = gateway.concurrency
    settings.retry.attemptLimit = retry.attemptLimit
    settings.retry.base = .milliseconds(retry.baseMilliseconds)
    settings.retry.cap = .milliseconds(retry.capMilliseconds)
    settings.retry.timeLimit = .milliseconds(retry.maxTimeMilliseconds)
    settings.breaker.window = .milliseconds(breaker.windowMilliseconds)
    settings.breaker.resultMinimum = breaker.resultMinimum
    settings.breaker.failureShare = breaker.failureShare
    settings.breaker.failuresInARow = breaker.failuresInARow
    settings.breaker.probeBase = .milliseconds(breaker.probeBaseMilliseconds)
    settings.breaker.probeCap = .milliseconds(breaker.probeCapMilliseconds)
    // Nobody could release it otherwise.
    settings.brake.isOn = admin.token != nil && admin.listen != nil
    settings.brake.window = brake.window
    settings.brake.share = brake.share
    settings.banBase = .milliseconds(gateway.banDefaultMilliseconds)
    settings.probesAtStart = true
    settings.requestsPerSecond = gateway.requestsPerSecond
    settings.maximumEventAge = .milliseconds(gateway.maxEventAgeMilliseconds)
    settings.commitInterval = .milliseconds(outcomes.commitIntervalMilliseconds)
    settings.bufferedByteLimit = bufferedByteLimit
    settings.firstPartitionCount = Int32(counts.input)
    settings.ambiguousPolicy =
      switch ambiguousPolicy {
      case .resend: .resend
      case .report: .report
      }
    settings.leaseSpan = leaseSpan
    settings.predecessorMayHoldLease = kafka.isStaticMember
    // Whatever decides whether an event is valid.
    let mapping = input.mapping.map { "\($0.path.joined(separator: ".")): \($0.text ?? "null")" }.sorted()
    let validity = (["\(input.valueByteLimit) \(input.contentByteLimit)"] + mapping).joined(separator: "\n")
    settings.validityFingerprint = CRC32.checksum(of: Array(validity.utf8)[...])
    return settings
  }

  /// A request that is sent this long after the last proven heartbeat still ends before the group may give the
  /// partition to another member.
  private var leaseSpan: TimeSpan {
    TimeSpan(
      microseconds: KafkaTimes.sessionTimeout.microseconds
        - TimeSpan.milliseconds(gateway.requestTimeoutMilliseconds).microseconds)
  }

  var connectionSettings: GatewayConnectionSettings {
    var settings = GatewayConnectionSettings(
      url: gateway.url, connectionLimit: gateway.concurrency,
      requestTimeout: .milliseconds(gateway.requestTimeoutMilliseconds),
      connectTimeout: .milliseconds(gateway.connectTimeoutMilliseconds),
      idleTimeout: .milliseconds(gateway.idleTimeoutMilliseconds), userAgent: "lippi-bridge/\(bridgeVersion)")
    settings.answerByteLimit = gateway.answerByteLimit
    settings.authorityFile = gateway.authorityFile
    settings.clientCertificateFile = gateway.clientCertificateFile
    settings.clientKeyFile = gateway.clientKeyFile
    settings.proxy = gateway.proxy.map { proxy in
      GatewayProxy(url: proxy.url, user: proxy.user, password: proxy.password?.reveal())
    }
    // A close that crosses a request leaves its event in doubt; what idles shortly is rarely closed by the gateway.
    if ambiguousPolicy == .report { settings.idleTimeout = min(settings.idleTimeout, .seconds(1)) }
    return settings
  }

  func recordPath() -> RecordPath {
    let rules = RuleTable(configured: gateway.rules)
    return RecordPath(
      decoder: EventDecoder(settings: eventSettings, laneSeed: .random(in: 0 ... .max)),
      requests: RequestEncoder(settings: gatewaySettings),
      classifier: AnswerClassifier(rules: rules),
      outcomes: OutcomeEncoder(
        identity: OutcomeIdentity(
          sourceTopic: input.topic, groupID: kafka.groupID, instance: kafka.instance, version: bridgeVersion,
          rulesVersion: rules.version, appKey: gateway.appKey)))
  }

  var eventSettings: EventSettings {
    let section = EventSection(
      valueByteLimit: input.valueByteLimit, contentByteLimit: input.contentByteLimit, mapping: input.mapping,
      caller: gateway.caller)
    var settings = EventSettings(section, topic: input.topic)
    settings.copiedHeaderNames = outcomes.copiedHeaderNames
    return settings
  }

  var gatewaySettings: GatewaySettings {
    var settings = GatewaySettings(appKey: gateway.appKey, secret: Array(gateway.appSecret.reveal().utf8))
    settings.session = gateway.session?.reveal()
    settings.signMethod =
      switch gateway.signMethod {
      case .md5: .md5
      case .hmac: .hmac
      case .hmacSHA256: .hmacSHA256
      }
    return settings
  }

  func makeLog() -> Log {
    let isTerminal = isatty(STDERR_FILENO) == 1
    let format: Log.Format =
      switch log.format {
      case .auto: isTerminal ? .text : .json
      case .json: .json
      case .text: .text
      }
    let threshold: LogSeverity =
      switch log.level {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    return Log(descriptor: STDERR_FILENO, format: format, threshold: threshold)
  }
}
