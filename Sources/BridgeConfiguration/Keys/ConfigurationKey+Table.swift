/// Every setting there is. Reader, example file and help come from here.
extension ConfigurationKey {
  package static let all: [ConfigurationKey] = [
    bootstrapServers, groupID, instance, staticMembership, assignment, startupTimeout, properties,
    propertiesFile, saslPasswordFile, sslKeyPasswordFile,
    inputTopic, start, maxValueBytes, maxContentBytes, mapping,
    url, appKey, appSecretFile, sessionFile, signMethod, callerCorpID, callerOrgID, callerGrantType,
    callerISVOrgID, callerSuiteKey, concurrency, requestsPerSecond, requestTimeout, connectTimeout,
    idleTimeout,
    maxAnswerBytes, maxEventAge, banDefault,
    caFile, clientCertificateFile, clientKeyFile, proxy, proxyUser, proxyPasswordFile, rules,
    retryAttempts, retryBase, retryCap, retryMaxTime,
    ambiguousPolicy,
    breakerWindow, breakerMinResults, breakerFailureShare, breakerFailuresInARow, breakerProbeBase,
    breakerProbeCap,
    brakeWindow, brakeShare,
    outcomesTopic, delivery, commitInterval, copyHeaders,
    statusTopic,
    bufferedBytes,
    gracePeriod,
    stalledAfter,
    adminListen, adminTokenFile,
    logLevel, logFormat,
  ]

  // kafka

  static let bootstrapServers = ConfigurationKey(
    "kafka.bootstrap_servers", .text, .required(example: "kafka-1:9092,kafka-2:9092"),
    "The brokers to ask first, host:port, separated by commas.")
  static let groupID = ConfigurationKey(
    "kafka.group_id", .text, .value("lippi-bridge"),
    "The consumer group. Workers of one group share the partitions of the input topic.")
  static let instance = ConfigurationKey(
    "kafka.instance", .text, .hostName,
    "The name of this worker in its group; the transactional id is <group_id>-<instance>. It must be the same "
      + "after a restart, and no two workers of a group may have the same.")
  static let staticMembership = ConfigurationKey(
    "kafka.static_membership", .flag, .value("false"),
    "Whether a restart within the session time keeps the partitions, so that the group does not rebalance.")
  static let assignment = ConfigurationKey(
    "kafka.assignment", .choice(PartitionAssignment.allCases.map(\.rawValue)), .value("range"),
    "How the group shares its partitions out; all workers of a group have the same. With range each worker gives up "
      + "all of its partitions at every change; with cooperative-sticky, for librdkafka 2.6.1 and later, only those that "
      + "move, though the others pause for a moment, too.")
  static let startupTimeout = ConfigurationKey(
    "kafka.startup_timeout", .duration(1_000...600_000), .value("30s"),
    "How long the start waits for the brokers before it gives up with exit code 69. Later outages never end "
      + "the worker.")
  static let properties = ConfigurationKey(
    "kafka.properties", .properties, .value("{}"),
    "Further properties of librdkafka, name and value, but those that the bridge sets itself. Passwords do not "
      + "belong here.")
  static let propertiesFile = ConfigurationKey(
    "kafka.properties_file", .file, .none(example: "/etc/lippi-bridge/kafka.properties"),
    "A file with such properties, name=value a line; kafka.properties wins. It may hold the passwords that have no "
      + "key here.")
  static let saslPasswordFile = ConfigurationKey(
    "kafka.sasl_password_file", .secretFile, .none(example: "/run/secrets/kafka-sasl-password"),
    "A file with the SASL password.")
  static let sslKeyPasswordFile = ConfigurationKey(
    "kafka.ssl_key_password_file", .secretFile, .none(example: "/run/secrets/kafka-key-password"),
    "A file with the password of the client's private key.")

  // input

  static let inputTopic = ConfigurationKey(
    "input.topic", .topic, .value("chat-events"), "The topic with the chat events.")
  static let start = ConfigurationKey(
    "input.start", .start, .none(example: "earliest"),
    "Where to start in partitions for which the group has no committed offset: earliest, latest, or a time such "
      + "as 2025-01-31T08:00:00Z. There is no default: without it and without offsets the worker does not start."
  )
  static let maxValueBytes = ConfigurationKey(
    "input.max_value_bytes", .size(1_024...67_108_864), .value("1MiB"),
    "Larger events are not parsed; their outcome is invalid.")
  static let maxContentBytes = ConfigurationKey(
    "input.max_content_bytes", .size(1...16_777_216), .value("64KiB"),
    "The most UTF-8 bytes that the content of a message may have; a larger one is invalid.")

  static let mapping = ConfigurationKey(
    "input.mapping", .mapping,
    .none(example: "{sid: /conversation/id, session_source: {constant: helpdesk}}"),
    "Where members are found in events that do not have them under their own names (docs/events.md). Each has one of "
      + "pointer (also written alone), header, key, attribute, constant; and default, values, convert. "
      + "lippi-bridge convert --explain shows the result.")

  // gateway

  static let url = ConfigurationKey(
    "gateway.url", .url, .required(example: "https://gw.api.taobao.com/router/rest"),
    "The address of the gateway.")
  static let appKey = ConfigurationKey(
    "gateway.app_key", .text, .required(example: "\"12345678\""), "The key of the app that calls.")
  static let appSecretFile = ConfigurationKey(
    "gateway.app_secret_file", .secretFile, .required(example: "/run/secrets/app-secret"),
    "A file with the app's secret.")
  static let sessionFile = ConfigurationKey(
    "gateway.session_file", .secretFile, .none(example: "/run/secrets/session"),
    "A file with a session (user token), if the app needs one.")
  static let signMethod = ConfigurationKey(
    "gateway.sign_method", .choice(SignMethod.allCases.map(\.rawValue)), .value("hmac-sha256"),
    "How requests are signed.")
  static let callerCorpID = ConfigurationKey(
    "gateway.caller.corp_id", .text, .none(example: "dingxxx"),
    "For every event that brings no caller of its own: the public id of the enterprise that the token belongs to."
  )
  static let callerOrgID = ConfigurationKey(
    "gateway.caller.org_id", .integer(Int64.min...Int64.max), .none(example: "123"),
    "The organisation id of that enterprise.")
  static let callerGrantType = ConfigurationKey(
    "gateway.caller.token_grant_type", .choice(["enterprise", "isv", "0", "1"]), .none(example: "enterprise"),
    "Whom the token was granted to: enterprise (0) or isv (1).")
  static let callerISVOrgID = ConfigurationKey(
    "gateway.caller.isv_org_id", .integer(Int64.min...Int64.max), .none(example: "456"),
    "The organisation id of the ISV; only with token_grant_type isv.")
  static let callerSuiteKey = ConfigurationKey(
    "gateway.caller.suite_key", .text, .none(example: "suitexxx"),
    "The ISV's suite key; only with token_grant_type isv.")
  static let concurrency = ConfigurationKey(
    "gateway.concurrency", .integer(1...4_096), .value("64"),
    "The most requests in flight at a time; each conversation has one at most.")
  static let requestsPerSecond = ConfigurationKey(
    "gateway.requests_per_second", .integer(0...100_000), .value("0"),
    "The most requests a second that this worker starts, as even as a tenth of a second allows; 0 sets no limit."
  )
  static let requestTimeout = ConfigurationKey(
    "gateway.request_timeout", .duration(100...60_000), .value("8s"),
    "The most time for one request, from its first byte to the end of the answer. At most shutdown.grace_period "
      + "less 16s, so that a stop can wait for answers.")
  static let connectTimeout = ConfigurationKey(
    "gateway.connect_timeout", .duration(50...60_000), .value("3s"), "The most time to make a connection.")
  static let idleTimeout = ConfigurationKey(
    "gateway.idle_timeout", .duration(100...600_000), .value("4s"),
    "How long a connection may stay unused before it is closed.")
  static let maxAnswerBytes = ConfigurationKey(
    "gateway.max_answer_bytes", .size(1_024...16_777_216), .value("256KiB"),
    "A longer answer is cut off and counts as no answer.")
  static let maxEventAge = ConfigurationKey(
    "gateway.max_event_age", .duration(0...2_592_000_000), .value("0s"),
    "Events that are older by the timestamp of their record when their turn comes are not sent any more; their outcome "
      + "is expired. 0s sets no limit. An event without a timestamp is never too old.")
  static let banDefault = ConfigurationKey(
    "gateway.ban_default", .duration(100...60_000), .value("1s"),
    "How long nothing is sent after the gateway has said that a quota is used up, but not for how long. It doubles with "
      + "each further such answer, up to 60s.")
  static let caFile = ConfigurationKey(
    "gateway.ca_file", .file, .none(example: "/etc/lippi-bridge/gateway-ca.pem"),
    "A PEM file with the certificates that the gateway's is verified by, instead of the system's.")
  static let clientCertificateFile = ConfigurationKey(
    "gateway.client_certificate_file", .file, .none(example: "/etc/lippi-bridge/client.pem"),
    "A PEM file with the certificate that the gateway asks for, if it does, and with its chain.")
  static let clientKeyFile = ConfigurationKey(
    "gateway.client_key_file", .file, .none(example: "/run/secrets/client-key.pem"),
    "A PEM file with the key of that certificate, not encrypted.")
  static let proxy = ConfigurationKey(
    "gateway.proxy", .proxy, .none(example: "http://proxy:3128"),
    "The proxy to the gateway: http, socks5 (names are looked up here) or socks5h (by the proxy), with its port. "
      + "The proxy variables of the environment are not used.")
  static let proxyUser = ConfigurationKey(
    "gateway.proxy_user", .text, .none(example: "bridge"), "The name that the proxy knows the worker by.")
  static let proxyPasswordFile = ConfigurationKey(
    "gateway.proxy_password_file", .secretFile, .none(example: "/run/secrets/proxy-password"),
    "A file with the password for the proxy.")

  static let rules = ConfigurationKey(
    "gateway.rules", .rules(countLimit: 64),
    .none(example: #"[{result_code: "400001", class: temporary}]"#),
    "What answers of the gateway mean, where the built-in table (lippi-bridge rules) should not decide: tried "
      + "before it, in this order. Each rule has one of sub_code, sub_code_prefix, code, result_code, http_status; "
      + "a class; and an effect, none only if the agent has certainly not got the message (default: unknown)."
  )

  // retry, ambiguous

  static let retryAttempts = ConfigurationKey(
    "retry.attempts", .integer(1...100), .value("6"),
    "The most attempts for one event. Those that probe a halted line or an open breaker do not count.")
  static let retryBase = ConfigurationKey(
    "retry.base", .duration(1...60_000), .value("200ms"),
    "The longest wait before the second attempt; it doubles with each further one. The wait is random, up to it."
  )
  static let retryCap = ConfigurationKey(
    "retry.cap", .duration(1...600_000), .value("10s"), "The longest wait between two attempts.")
  static let retryMaxTime = ConfigurationKey(
    "retry.max_time", .duration(1...3_600_000), .value("60s"),
    "How long after its first attempt an event is tried again, without the time that the whole line was stopped."
  )
  static let ambiguousPolicy = ConfigurationKey(
    "ambiguous.policy", .choice(AmbiguousPolicy.allCases.map(\.rawValue)), .value("resend"),
    "What follows a request that may have reached the agent although there is no clear answer: resend sends it "
      + "again and flags the outcome possible_duplicate; report never sends it again, the outcome is in_doubt."
  )

  // breaker, brake

  static let breakerWindow = ConfigurationKey(
    "breaker.window", .duration(1_000...600_000), .value("10s"),
    "The time in which results of requests are counted. When too many failed, the breaker opens: nothing is sent but "
      + "single probes until one of them gets an answer.")
  static let breakerMinResults = ConfigurationKey(
    "breaker.min_results", .integer(1...1_000_000), .value("20"),
    "Fewer results in that time do not open the breaker by their share.")
  static let breakerFailureShare = ConfigurationKey(
    "breaker.failure_share", .share, .value("0.5"),
    "The share of failed results that opens the breaker.")
  static let breakerFailuresInARow = ConfigurationKey(
    "breaker.failures_in_a_row", .integer(1...1_000_000), .value("5"),
    "So many failed results without a success between open it as well, however long ago they were. Keep it below "
      + "retry.attempts: otherwise an event may use up its attempts on a gateway that is away.")
  static let breakerProbeBase = ConfigurationKey(
    "breaker.probe_base", .duration(10...60_000), .value("1s"),
    "How long after the breaker has opened the first probe is sent; it doubles with each one that fails.")
  static let breakerProbeCap = ConfigurationKey(
    "breaker.probe_cap", .duration(10...600_000), .value("30s"), "The longest time between two probes.")
  static let brakeWindow = ConfigurationKey(
    "brake.window", .integer(1...1_000_000), .value("1000"),
    "So many of the last outcomes are looked at. When too many of them are rejected or failed, nothing is sent until "
      + "an operator resumes; without a token for the admin port the brake is off.")
  static let brakeShare = ConfigurationKey(
    "brake.share", .share, .value("0.5"),
    "More than this share of that many outcomes rejected or failed stops the line.")

  // outcomes

  static let outcomesTopic = ConfigurationKey(
    "outcomes.topic", .topic, .value("chat-outcomes"),
    "The topic for the outcomes; it needs at least as many partitions as the input topic.")
  static let delivery = ConfigurationKey(
    "outcomes.delivery", .choice(OutcomeDelivery.allCases.map(\.rawValue)), .value("exactly_once"),
    "exactly_once commits outcomes and offsets in one Kafka transaction; at_least_once is for clusters without "
      + "transactions, an outcome may then appear twice.")
  static let commitInterval = ConfigurationKey(
    "outcomes.commit_interval", .duration(1...10_000), .value("50ms"),
    "How long finished outcomes may wait for others before they are committed together.")
  static let copyHeaders = ConfigurationKey(
    "outcomes.copy_headers", .list(countLimit: 32), .value("[]"),
    "Names of event headers that outcomes carry on; traceparent and tracestate always are.")

  // sight

  static let statusTopic = ConfigurationKey(
    "status.topic", .topic, .none(example: "chat-status"),
    "A topic for what happens to the worker, started, stopped, halted and so on, and a heartbeat every 15 s: JSON, the "
      + "key is kafka.instance. Best effort: what Kafka does not take is dropped and counted.")
  static let stalledAfter = ConfigurationKey(
    "health.stalled_after", .duration(1_000...3_600_000), .value("60s"),
    "GET /health answers 503 when events wait and the first of a partition has not moved for this long, whatever the "
      + "reason.")
  static let adminListen = ConfigurationKey(
    "admin.listen", .listen, .value("127.0.0.1:9464"),
    "Where /live, /ready, /health, /metrics, /pause and /resume are served; off disables them. Workers of one host "
      + "need a port each; port 0 takes a free one, and the log says which.")
  static let adminTokenFile = ConfigurationKey(
    "admin.token_file", .secretFile, .none(example: "/run/secrets/admin-token"),
    "A file with the token that pause and resume ask for. Without it nobody may do either.")

  // the process

  static let bufferedBytes = ConfigurationKey(
    "limits.buffered_bytes", .size(1_048_576...4_294_967_296), .value("64MiB"),
    "The most bytes of events held in memory; beyond it the worker stops reading.")
  static let gracePeriod = ConfigurationKey(
    "shutdown.grace_period", .duration(17_000...600_000), .value("25s"),
    "From SIGTERM to the end of the process. 15s of it are kept for the last commit and for leaving the group, "
      + "the rest is for requests under way. Whoever stops the worker must wait longer than this.")
  static let logLevel = ConfigurationKey(
    "log.level", .choice(LogLevel.allCases.map(\.rawValue)), .value("info"), "What is logged.")
  static let logFormat = ConfigurationKey(
    "log.format", .choice(LogFormat.allCases.map(\.rawValue)), .value("auto"),
    "json is one object a line; auto is text on a terminal and json elsewhere.")
}
