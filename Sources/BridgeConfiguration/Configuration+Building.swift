extension Configuration {
  /// - Precondition: every key that has a default or is required is settled.
  init(
    _ settings: [String: Setting], _ fileProperties: [KafkaProperty], _ secrets: [String: Secret],
    _ rules: [ConfiguredRule], _ mapping: [ConfiguredMappingSetting]
  ) {
    let values = SettledValues(settings: settings)
    kafka = KafkaSection(
      bootstrapServers: values.text(.bootstrapServers), groupID: values.text(.groupID),
      instance: values.text(.instance), isStaticMember: values.flag(.staticMembership),
      assignment: values.choice(.assignment),
      startupTimeoutMilliseconds: values.number(.startupTimeout),
      properties: values.properties(.properties, over: fileProperties),
      saslPassword: secrets["kafka.sasl_password"], sslKeyPassword: secrets["kafka.ssl_key_password"])
    input = InputSection(
      topic: values.text(.inputTopic), start: values.start(.start),
      valueByteLimit: Int(values.number(.maxValueBytes)),
      contentByteLimit: Int(values.number(.maxContentBytes)), mapping: mapping)
    guard let appSecret = secrets["gateway.app_secret"] else {
      preconditionFailure("a missing secret is a problem, not a configuration")
    }
    gateway = GatewaySection(
      url: values.text(.url), appKey: values.text(.appKey), appSecret: appSecret,
      session: secrets["gateway.session"], signMethod: values.choice(.signMethod),
      caller: values.caller,
      concurrency: Int(values.number(.concurrency)),
      requestsPerSecond: Int(values.number(.requestsPerSecond)),
      maxEventAgeMilliseconds: values.number(.maxEventAge),
      banDefaultMilliseconds: values.number(.banDefault),
      requestTimeoutMilliseconds: values.number(.requestTimeout),
      connectTimeoutMilliseconds: values.number(.connectTimeout),
      idleTimeoutMilliseconds: values.number(.idleTimeout),
      answerByteLimit: Int(values.number(.maxAnswerBytes)),
      authorityFile: values.textIfSet(.caFile),
      clientCertificateFile: values.textIfSet(.clientCertificateFile),
      clientKeyFile: values.textIfSet(.clientKeyFile),
      proxy: values.textIfSet(.proxy).map { url in
        ProxySection(
          url: url, user: values.textIfSet(.proxyUser), password: secrets["gateway.proxy_password"])
      }, rules: rules)
    retry = RetrySection(
      attemptLimit: Int(values.number(.retryAttempts)), baseMilliseconds: values.number(.retryBase),
      capMilliseconds: values.number(.retryCap), maxTimeMilliseconds: values.number(.retryMaxTime))
    ambiguousPolicy = values.choice(.ambiguousPolicy)
    breaker = BreakerSection(
      windowMilliseconds: values.number(.breakerWindow),
      resultMinimum: Int(values.number(.breakerMinResults)),
      failureShare: Int(values.number(.breakerFailureShare)),
      failuresInARow: Int(values.number(.breakerFailuresInARow)),
      probeBaseMilliseconds: values.number(.breakerProbeBase),
      probeCapMilliseconds: values.number(.breakerProbeCap))
    brake = BrakeSection(window: Int(values.number(.brakeWindow)), share: Int(values.number(.brakeShare)))
    outcomes = OutcomesSection(
      topic: values.text(.outcomesTopic), delivery: values.choice(.delivery),
      commitIntervalMilliseconds: values.number(.commitInterval),
      copiedHeaderNames: values.list(.copyHeaders))
    bufferedByteLimit = Int(values.number(.bufferedBytes))
    shutdown = ShutdownSection(gracePeriodMilliseconds: values.number(.gracePeriod))
    statusTopic = values.textIfSet(.statusTopic)
    stalledAfterMilliseconds = values.number(.stalledAfter)
    admin = AdminSection(
      listen: ListenSetting(values.text(.adminListen)), token: secrets["admin.token"])
    log = LogSection(level: values.choice(.logLevel), format: values.choice(.logFormat))
    self.settings = ConfigurationKey.all.compactMap { Self.shown($0, settings, secrets) }
  }

  /// The key's value as a person may see it; nil if it has none.
  static func shown(
    _ key: ConfigurationKey, _ settings: [String: Setting], _ secrets: [String: Secret]
  ) -> ShownSetting? {
    SettledValues(settings: settings).shown(key, secrets)
  }
}

extension EventSection {
  /// - Precondition: the limits are settled.
  init(_ settings: [String: Setting], mapping: [ConfiguredMappingSetting]) {
    let values = SettledValues(settings: settings)
    self.init(
      valueByteLimit: Int(values.number(.maxValueBytes)),
      contentByteLimit: Int(values.number(.maxContentBytes)), mapping: mapping, caller: values.caller)
  }
}

/// Settled values by key. A key without a value, or with one of another kind, is a fault of the table: a test reads
/// every key.
private struct SettledValues {
  let settings: [String: Setting]

  var caller: CallerSection {
    CallerSection(
      corpID: textIfSet(.callerCorpID), orgID: numberIfSet(.callerOrgID),
      tokenGrantType: textIfSet(.callerGrantType).map { $0 == "isv" || $0 == "1" ? 1 : 0 },
      isvOrgID: numberIfSet(.callerISVOrgID), suiteKey: textIfSet(.callerSuiteKey))
  }

  func text(_ key: ConfigurationKey) -> String {
    textIfSet(key) ?? { preconditionFailure("\(key.name) has no text") }()
  }

  func textIfSet(_ key: ConfigurationKey) -> String? {
    guard case .text(let text) = settings[key.name]?.value else { return nil }
    return text
  }

  func number(_ key: ConfigurationKey) -> Int64 {
    numberIfSet(key) ?? { preconditionFailure("\(key.name) has no number") }()
  }

  func numberIfSet(_ key: ConfigurationKey) -> Int64? {
    guard case .number(let number) = settings[key.name]?.value else { return nil }
    return number
  }

  func flag(_ key: ConfigurationKey) -> Bool {
    guard case .flag(let flag) = settings[key.name]?.value else {
      preconditionFailure("\(key.name) is neither true nor false")
    }
    return flag
  }

  func choice<Choice: RawRepresentable>(_ key: ConfigurationKey) -> Choice where Choice.RawValue == String {
    Choice(rawValue: text(key)) ?? { preconditionFailure("\(key.name) is outside its choices") }()
  }

  func list(_ key: ConfigurationKey) -> [String] {
    guard case .list(let texts) = settings[key.name]?.value else {
      preconditionFailure("\(key.name) is no list")
    }
    return texts
  }

  func properties(_ key: ConfigurationKey, over others: [KafkaProperty]) -> [KafkaProperty] {
    guard case .properties(let properties) = settings[key.name]?.value else {
      preconditionFailure("\(key.name) is no object")
    }
    return others.filter { other in !properties.contains { $0.name == other.name } } + properties
  }

  func start(_ key: ConfigurationKey) -> StartPosition? {
    guard case .start(let position, _) = settings[key.name]?.value else { return nil }
    return position
  }

  func shown(_ key: ConfigurationKey, _ secrets: [String: Secret]) -> ShownSetting? {
    if let secretName = key.secretName, let secret = secrets[secretName],
      case .variable(let variable) = secret.source
    {
      return ShownSetting(name: secretName, value: Secret.redacted, place: .variable(variable))
    }
    guard let setting = settings[key.name] else { return nil }
    return ShownSetting(name: key.name, value: shown(setting.value, as: key.kind), place: setting.place)
  }

  private func shown(_ value: SettledValue, as kind: ValueKind) -> String {
    switch value {
    case .text(let text): text
    case .number(let number):
      switch kind {
      case .duration: DurationText.text(number)
      case .size: SizeText.text(number)
      case .share: ShareText.text(number)
      case .text, .topic, .url, .proxy, .listen, .integer, .flag, .choice, .list, .properties, .rules,
        .mapping,
        .start, .secretFile, .file:
        String(number)
      }
    case .flag(let flag): flag ? "true" : "false"
    case .list(let texts): "[\(texts.joined(separator: ", "))]"
    case .properties(let properties): "{\(properties.map(\.description).joined(separator: ", "))}"
    case .mapping(let settings): "{\(settings.map(\.shown).joined(separator: ", "))}"
    case .rules(let rules):
      "[\(rules.map { "{\($0.members.map { "\($0.name): \($0.value)" }.joined(separator: ", "))}" }.joined(separator: ", "))]"
    case .start(_, let written): written
    }
  }
}
