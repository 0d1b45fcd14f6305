internal import BridgeConfiguration
internal import BridgeCore
internal import BridgeHTTP
internal import Glibc
internal import LippiAPI

/// Whether the gateway can be reached, and how far its clock is off. What is sent names no method, no app and no
/// signature: whoever answers it, it cannot become a message.
struct GatewayCheck {
  private static let harmlessBody: StaticString = "format=json"
  private static let doubtfulSkewSeconds: Int64 = 60
  /// The gateway refuses what is signed at a time further off.
  private static let refusedSkewSeconds: Int64 = 600

  private let configuration: Configuration

  init(_ configuration: Configuration) { self.configuration = configuration }

  func findings() -> [CheckFinding] {
    do throws(GatewayConnectionFault) {
      var settings = configuration.connectionSettings
      settings.connectionLimit = 1
      var gateway = try GatewayConnections(settings: settings)
      guard connect(&gateway) else { return [unreachable(gateway.statistics.lastConnectError)] }
      let isEncrypted = configuration.gateway.url.hasPrefix("https:")
      let reached = CheckFinding(
        .good, "gateway",
        "\(configuration.gateway.url) takes connections"
          + (isEncrypted ? "; its certificate was verified" : "; they are not encrypted"))
      return [reached] + exchange(&gateway)
    } catch {
      return [CheckFinding(.faulty(.configuration), "gateway", "\(error)", advice: "Set gateway.url")]
    }
  }

  private func unreachable(_ words: String?) -> CheckFinding {
    CheckFinding(
      .faulty(.brokerUnreachable), "gateway",
      "\(configuration.gateway.url) takes no connection (\(words ?? "no answer within gateway.connect_timeout")); a "
        + "worker would start and wait",
      advice: "Check gateway.url, the network, and certificates")
  }

  private func connect(_ gateway: inout GatewayConnections) -> Bool {
    let limit = WorkerClock.now().monotonic + .milliseconds(configuration.gateway.connectTimeoutMilliseconds)
    while gateway.readyConnectionCount == 0 {
      let now = WorkerClock.now()
      guard now.monotonic <= limit, gateway.statistics.lastConnectError == nil else { return false }
      gateway.expect(requestCount: 1, at: now)
      Self.wait(for: gateway, until: limit)
      gateway.turn(at: WorkerClock.now())
    }
    return true
  }

  /// Sends what cannot be a message and looks at the answer and its `Date`.
  private func exchange(_ gateway: inout GatewayConnections) -> [CheckFinding] {
    let sentAt = WorkerClock.now()
    let admission = gateway.send(Ticket(index: 0, generation: 0), at: sentAt) { $0.append(Self.harmlessBody) }
    guard case .started = admission else { return [silent("the connection was lost")] }
    let limit = sentAt.monotonic + .milliseconds(configuration.gateway.requestTimeoutMilliseconds + 1_000)
    while WorkerClock.now().monotonic < limit {
      gateway.turn(at: WorkerClock.now())
      guard let report = gateway.nextReport() else {
        Self.wait(for: gateway, until: limit)
        continue
      }
      defer { gateway.finish(report) }
      switch report.ending {
      case .answered(let status, let retryAfter, let date):
        let answeredAt = WorkerClock.now()
        let middle = (sentAt.wall.milliseconds + answeredAt.wall.milliseconds) / 2
        let answer = gateway.withAnswerBody(of: report) { self.answer($0, status, retryAfter) }
        return [answer, clock(date, middle)]
      case .notSent(let fault), .unanswered(let fault): return [silent("\(fault.name)")]
      }
    }
    return [silent("no answer in time")]
  }

  private func answer(_ body: UnsafeRawBufferPointer, _ status: Int, _ retryAfter: Int64?) -> CheckFinding {
    var classifier = AnswerClassifier(rules: RuleTable())
    var answer = GatewayAnswer()
    _ = classifier.classify(status: status, retryAfterSeconds: retryAfter, body: body, into: &answer)
    guard let code = answer.code else {
      return CheckFinding(
        .doubtful, "gateway answer",
        "A call without method, app and signature was answered with HTTP \(status) and without the gateway's own error",
        advice: "Check gateway.url: another service may live there, or a proxy may stand in between")
    }
    return CheckFinding(
      .good, "gateway answer",
      "A call without method, app and signature was refused with the gateway's error \(code), as it should be. App key, "
        + "secret and permissions were not tried: only a message would prove them")
  }

  /// `date`: seconds since 1970, whole ones; `middle`: our milliseconds half-way between question and answer.
  private func clock(_ date: Int64?, _ middle: Int64) -> CheckFinding {
    guard let date else {
      return CheckFinding(
        .doubtful, "clock", "The gateway's answer tells no time",
        advice: "Make sure that this machine's clock is right")
    }
    let skew = (middle - date * 1_000 - 500) / 1_000
    let words =
      "This machine's clock is \(skew == 0 ? "right" : "\(abs(skew)) s \(skew > 0 ? "ahead of" : "behind") the gateway's")"
    guard abs(skew) > Self.doubtfulSkewSeconds else {
      return CheckFinding(.good, "clock", "\(words), by the Date of its answer (whole seconds)")
    }
    let isRefused = abs(skew) >= Self.refusedSkewSeconds
    return CheckFinding(
      isRefused ? .faulty(.configuration) : .doubtful, "clock",
      "\(words); requests signed more than 600 s off are refused", advice: "Set this machine's clock (NTP)")
  }

  private func silent(_ why: String) -> CheckFinding {
    CheckFinding(
      .doubtful, "gateway answer", "A call without method, app and signature got no answer (\(why))",
      advice: "Check gateway.url; a service that is no gateway may behave like this")
  }

  private static func wait(for gateway: borrowing GatewayConnections, until limit: MonotonicTime) {
    let now = WorkerClock.now().monotonic
    let wake = min(gateway.nextDeadline ?? limit, limit)
    var interest = pollfd(fd: gateway.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&interest, 1, wake > now ? Int32(clamping: (wake - now).milliseconds + 1) : 0)
  }
}
