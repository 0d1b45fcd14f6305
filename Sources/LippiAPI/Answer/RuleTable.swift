import BridgeCore

/// What the gateway's answers mean, in the order in which they are tried; the first rule that holds decides. Exact
/// sub_codes come first, then the codes by which the gateway itself refuses a call (its sub_codes must not turn a
/// fault of ours into a refused message), then families of sub_codes, then what remains.
package struct RuleTable: Sendable {
  /// Of the built-in rules; changes with any of them.
  package static let builtInVersion = "2026-11-25"

  /// Those of the configuration, then the built-in ones.
  package let rules: [Rule]
  /// How many of the configuration stand in front.
  let configuredCount: Int
  /// Which rules judged an answer, for its outcome: `2026-11-25`, or `2026-11-25+3f9a2c` with a checksum of what the
  /// configuration lays over them. Equal rules in the same order give the same version, wherever they are written.
  package let version: String

  /// `overrides` are tried first, in their order, against every answer that they match.
  package init(overrides: [Rule] = []) {
    rules = overrides + Self.builtIn
    configuredCount = overrides.count
    version = Self.builtInVersion + (overrides.isEmpty ? "" : "+\(Self.checksum(of: overrides))")
  }

  /// Six hexadecimal digits: tells two configurations apart, is no protection.
  private static func checksum(of rules: [Rule]) -> String {
    let text = rules.map { "\($0.match.text)\t\($0.ruling.name)\t\($0.effect.name)\n" }.joined()
    let digits = String(CRC32.checksum(of: Array(text.utf8)[...]) >> 8, radix: 16)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }

  func rule(for facts: AnswerFacts) -> Rule {
    for rule in rules where rule.match.holds(for: facts) { return rule }
    preconditionFailure("the last rule holds for anything")
  }

  static let builtIn: [Rule] = [
    Rule(.success, .delivered, .done, "the backend took the message"),
    Rule(
      .resultCode("400001"), .refused, .none, refuser: .backend,
      #"its text says SYSTEM_ERROR; this line makes it temporary: - {result_code: "400001", class: temporary}"#
    ),
    Rule(
      .noSuccess, .refused, .none, refuser: .backend,
      "the backend answered and refused; no list of result codes exists"),

    Rule(.subCode("accesscontrol.limited-by-app-access-count"), .flowControl, .none, "quota of the app"),
    Rule(.subCode("accesscontrol.limited-by-api-access-count"), .flowControl, .none, "quota of the API"),
    Rule(
      .subCode("accesscontrol.limited-by-app-api-access-count"), .flowControl, .none, "quota of app and API"),
    Rule(
      .subCode("isp.top-remote-connection-error"), .backendNotReached, .none,
      "the gateway got no connection to the backend"),
    Rule(
      .subCode("isp.null-pointer-exception"), .notTemporary, .unknown,
      "the gateway broke over this message, and would again"),
    Rule(
      .subCode("isp.top-parse-error"), .notTemporary, .unknown,
      "the gateway cannot read what the backend answered"),
    Rule(
      .subCode("isp.top-mapping-parse-error"), .notTemporary, .unknown,
      "the gateway cannot map what the backend answered"),
    Rule(.subCode("isp.get-app-error"), .configurationFault, .none, "the gateway cannot load the app"),
    Rule(.subCode("isv.appkey-not-exists"), .configurationFault, .none, "wrong gateway.app_key"),
    Rule(.subCodePrefix("isv.permission-"), .configurationFault, .none, "a permission or the IP whitelist"),
    Rule(
      .subCode("isv.timestamp-limit-error"), .clockFault, .none, "the clock is off by more than 10 minutes"),

    Rule(.code(4...8, subCodePrefix: ""), .flowControl, .none, "a quota or rate is used up"),
    Rule(
      .code(2...2, subCodePrefix: ""), .configurationFault, .none, "refused before the message was looked at"),
    Rule(.code(3...3, subCodePrefix: ""), .programmingFault, .none, "a failed upload; this API has none"),
    Rule(.code(9...9, subCodePrefix: ""), .programmingFault, .none, "HTTP action not allowed"),
    Rule(
      .code(11...13, subCodePrefix: ""), .configurationFault, .none, "a permission of app, user or partner"),
    Rule(
      .code(20...20, subCodePrefix: ""), .programmingFault, .none, "refused before the message was looked at"),
    Rule(
      .code(21...29, subCodePrefix: ""), .configurationFault, .none,
      "method, format, signature, session, app key"),
    Rule(.code(30...31, subCodePrefix: ""), .clockFault, .none, "timestamp"),
    Rule(.code(32...34, subCodePrefix: ""), .configurationFault, .none, "version"),
    Rule(.code(40...41, subCodePrefix: ""), .refused, .none, "missing or invalid argument"),
    Rule(.code(42...42, subCodePrefix: ""), .configurationFault, .none, "the gateway forbids the request"),
    Rule(.code(43...43, subCodePrefix: ""), .refused, .none, "an argument has errors"),
    Rule(
      .code(44...44, subCodePrefix: ""), .configurationFault, .none,
      "refused before the message was looked at"),
    Rule(
      .code(45...46, subCodePrefix: ""), .programmingFault, .none, "refused before the message was looked at"),
    Rule(.code(47...47, subCodePrefix: ""), .configurationFault, .none, "encoding of the call"),
    Rule(.code(10...10, subCodePrefix: ""), .temporary, .unknown, "service currently unavailable"),

    Rule(
      .code(15...15, subCodePrefix: "isv."), .refused, .none, refuser: .backend,
      "the backend refused the message"),
    Rule(.bareSubCode(15...15), .refused, .none, refuser: .backend, "the backend's own code"),
    Rule(.subCodePrefix("isv."), .refused, .none, "a missing or invalid parameter of this message"),
    Rule(.subCodePrefix("isp."), .temporary, .unknown, "the backend threw, or did not answer in time"),
    Rule(.bareSubCode(0...Int64.max), .refused, .none, "the backend's own code"),
    Rule(.codeAlone(15...15), .temporary, .unknown, "Remote service error"),
    Rule(.codeAlone(50...50), .temporary, .unknown, "Remote service error"),
    Rule(.codeAlone(520...520), .temporary, .unknown, "Remote service error"),
    Rule(.codeAlone(530...530), .temporary, .unknown, "Remote service error"),
    Rule(.codeAlone(540...540), .temporary, .unknown, "Remote service error"),
    Rule(.codeAlone(670...670), .temporary, .unknown, "Remote service error"),
    Rule(.codeAlone(700...700), .temporary, .unknown, "Remote service error"),

    Rule(.httpStatus(300...399), .configurationFault, .none, "redirects are not followed: wrong gateway.url"),
    Rule(.httpStatus(401...401), .configurationFault, .none, "somebody on the way wants a password"),
    Rule(.httpStatus(403...405), .configurationFault, .none, "wrong gateway.url, or a proxy refuses"),
    Rule(.httpStatus(407...407), .configurationFault, .none, "the proxy wants a password"),
    Rule(.httpStatus(429...429), .flowControl, .none, "too many requests; Retry-After says how long"),
    Rule(.httpStatus(408...408), .temporary, .none, "the request did not arrive in time"),
    Rule(.httpStatus(425...425), .temporary, .none, "sent too early in the connection"),
    Rule(.httpStatus(413...414), .refused, .none, refuser: .requestSize, "the request is too large"),
    Rule(.httpStatus(431...431), .refused, .none, refuser: .requestSize, "its head is too large"),
    Rule(.httpStatus(Int.min...Int.max), .temporary, .unknown, "HTML, or an answer without envelope"),
    Rule(.anything, .unknown, .unknown, "no rule knows it: nothing is promised, nothing is repeated"),
  ]
}
