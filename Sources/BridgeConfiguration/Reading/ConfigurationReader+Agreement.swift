extension ConfigurationReader {
  /// Kafka ends the session of a member that is silent this long.
  private static let sessionMilliseconds: Int64 = 15_000
  private static let heartbeatMilliseconds: Int64 = 1_000
  /// Between the end of the last request and the end of the drain.
  private static let drainMarginMilliseconds: Int64 = 1_000

  /// Finds settings that are right by themselves but not together. A key without a usable value is left out: its
  /// own fault was reported.
  mutating func checkAgreement() {
    checkRequestTimes()
    checkRetry()
    checkSizes()
    checkKafka()
    checkCaller()
    checkConnections()
  }

  private mutating func checkRequestTimes() {
    if let request = number(.requestTimeout), let grace = number(.gracePeriod) {
      let longest = grace - ShutdownSection.closingMilliseconds - Self.drainMarginMilliseconds
      if request > longest {
        let needed = request + ShutdownSection.closingMilliseconds + Self.drainMarginMilliseconds
        contradiction(
          .requestTimeout, .gracePeriod,
          "gateway.request_timeout is \(DurationText.text(request)), but with shutdown.grace_period "
            + "\(DurationText.text(grace)) at most \(DurationText.text(longest)) is allowed (16s of it are kept for "
            + "the stop); lower it, or raise shutdown.grace_period to \(DurationText.text(needed))")
      }
    }
    if let request = number(.requestTimeout), choice(.ambiguousPolicy) == AmbiguousPolicy.report.rawValue {
      let limit = Self.sessionMilliseconds - 2 * Self.heartbeatMilliseconds
      if request >= limit {
        contradiction(
          .requestTimeout, .ambiguousPolicy,
          "gateway.request_timeout is \(DurationText.text(request)), but with ambiguous.policy report it must be "
            + "less than \(DurationText.text(limit)), or the group could give the partition away before the answer"
        )
      }
    }
    if let connect = number(.connectTimeout), let request = number(.requestTimeout), connect > request {
      contradiction(
        .connectTimeout, .requestTimeout,
        "gateway.connect_timeout is \(DurationText.text(connect)), longer than gateway.request_timeout "
          + DurationText.text(request))
    }
  }

  private mutating func checkRetry() {
    if let base = number(.retryBase), let cap = number(.retryCap), base > cap {
      contradiction(
        .retryBase, .retryCap,
        "retry.base is \(DurationText.text(base)), longer than retry.cap \(DurationText.text(cap))")
    }
    if let base = number(.breakerProbeBase), let cap = number(.breakerProbeCap), base > cap {
      contradiction(
        .breakerProbeBase, .breakerProbeCap,
        "breaker.probe_base is \(DurationText.text(base)), longer than breaker.probe_cap "
          + DurationText.text(cap))
    }
  }

  private mutating func checkSizes() {
    if let content = number(.maxContentBytes), let value = number(.maxValueBytes), content > value {
      contradiction(
        .maxContentBytes, .maxValueBytes,
        "input.max_content_bytes is \(SizeText.text(content)), more than input.max_value_bytes "
          + SizeText.text(value))
    }
    if let buffered = number(.bufferedBytes), let value = number(.maxValueBytes), buffered < value {
      contradiction(
        .bufferedBytes, .maxValueBytes,
        "limits.buffered_bytes is \(SizeText.text(buffered)), less than input.max_value_bytes "
          + "\(SizeText.text(value)): the largest event would not fit")
    }
  }

  private mutating func checkKafka() {
    if let input = choice(.inputTopic), let outcomes = choice(.outcomesTopic), input == outcomes {
      contradiction(
        .outcomesTopic, .inputTopic, "outcomes.topic and input.topic are both \(input); they must differ")
    }
    if let status = choice(.statusTopic) {
      for key in [ConfigurationKey.inputTopic, .outcomesTopic] where choice(key) == status {
        contradiction(
          .statusTopic, key, "status.topic and \(key.name) are both \(status); they must differ")
      }
    }
    if choice(.delivery) == OutcomeDelivery.atLeastOnce.rawValue, flag(.staticMembership) == true {
      contradiction(
        .staticMembership, .delivery,
        "kafka.static_membership is true, but with outcomes.delivery at_least_once the worker must be able to "
          + "leave its group; set it to false")
    }
  }

  private mutating func checkCaller() {
    let isISV = ["isv", "1"].contains(choice(.callerGrantType))
    guard !isISV, !broken.contains(ConfigurationKey.callerGrantType.name) else { return }
    for key in [ConfigurationKey.callerISVOrgID, .callerSuiteKey] {
      guard let setting = settings[key.name] else { continue }
      report(setting.place, "\(key.name) means nothing unless gateway.caller.token_grant_type is isv")
    }
  }

  private mutating func checkConnections() {
    let pairs: [(ConfigurationKey, needed: ConfigurationKey)] = [
      (.clientCertificateFile, .clientKeyFile), (.clientKeyFile, .clientCertificateFile),
      (.proxyUser, .proxy), (.proxyPasswordFile, .proxyUser),
    ]
    for (key, needed) in pairs {
      guard settings[needed.name] == nil, !broken.contains(needed.name) else { continue }
      if let setting = settings[key.name] {
        report(setting.place, "\(key.name) means nothing without \(needed.name)")
      } else if let variable = key.secretVariable, let name = key.secretName, secrets[name] != nil {
        report(.variable(variable), "\(name) means nothing without \(needed.name)")
      }
    }
  }

  /// At the setting that somebody wrote; when both were written, at the first.
  private mutating func contradiction(
    _ first: ConfigurationKey, _ second: ConfigurationKey, _ sentence: String
  ) {
    let places = [first, second].compactMap { settings[$0.name]?.place }
    report(places.first { $0 != .standard } ?? .standard, sentence)
  }

  private func number(_ key: ConfigurationKey) -> Int64? {
    guard !broken.contains(key.name), case .number(let number) = settings[key.name]?.value else { return nil }
    return number
  }

  private func choice(_ key: ConfigurationKey) -> String? {
    guard !broken.contains(key.name), case .text(let text) = settings[key.name]?.value else { return nil }
    return text
  }

  private func flag(_ key: ConfigurationKey) -> Bool? {
    guard !broken.contains(key.name), case .flag(let flag) = settings[key.name]?.value else { return nil }
    return flag
  }
}
