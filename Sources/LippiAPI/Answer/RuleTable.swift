import BridgeCore

/// What the gateway's answers mean, in the order in which they are tried; the first rule that holds decides. Exact
/// sub_codes come first, then the codes by which the gateway itself refuses a call (its sub_codes must not turn a
/// fault of ours into a refused message), then families of sub_codes, then what remains.
package struct RuleTable: Sendable {
  package static let version = "2026-11-25"

  /// Those of the configuration, then the built-in ones.
  package let rules: [Rule]
  /// How many of the configuration stand in front.
  let configuredCount: Int

  /// `overrides` are tried first, in their order, against every answer that they match.
  package init(overrides: [Rule] = []) {
    rules = overrides + Self.builtIn
    configuredCount = overrides.count
  }

  func rule(for facts: AnswerFacts) -> Rule {
    for rule in rules where rule.match.holds(for: facts) { return rule }
    preconditionFailure("the last rule holds for anything")
  }

  private static let builtIn: [Rule] = [
    Rule(.success, .delivered, .done),
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
    Rule(.subCode("isp.top-remote-connection-error"), .backendNotReached, .none),
    Rule(.subCode("isp.null-pointer-exception"), .notTemporary, .unknown),
    Rule(.subCode("isp.top-parse-error"), .notTemporary, .unknown),
    Rule(.subCode("isp.top-mapping-parse-error"), .notTemporary, .unknown),
    Rule(.subCode("isp.get-app-error"), .configurationFault, .none, "the gateway cannot load the app"),
    Rule(.subCode("isv.appkey-not-exists"), .configurationFault, .none, "wrong gateway.app_key"),
    Rule(.subCodePrefix("isv.permission-"), .configurationFault, .none, "a permission or the IP whitelist"),
    Rule(
      .subCode("isv.timestamp-limit-error"), .clockFault, .none, "the clock is off by more than 10 minutes"),

    Rule(.code(4...8, subCodePrefix: ""), .flowControl, .none),
    Rule(.code(2...2, subCodePrefix: ""), .configurationFault, .none),
    Rule(.code(3...3, subCodePrefix: ""), .programmingFault, .none),
    Rule(.code(9...9, subCodePrefix: ""), .programmingFault, .none, "HTTP verb"),
    Rule(.code(11...13, subCodePrefix: ""), .configurationFault, .none, "permission"),
    Rule(.code(20...20, subCodePrefix: ""), .programmingFault, .none),
    Rule(
      .code(21...29, subCodePrefix: ""), .configurationFault, .none,
      "method, format, signature, session, app key"),
    Rule(.code(30...31, subCodePrefix: ""), .clockFault, .none, "timestamp"),
    Rule(.code(32...34, subCodePrefix: ""), .configurationFault, .none, "version"),
    Rule(.code(40...41, subCodePrefix: ""), .refused, .none, "missing or invalid argument"),
    Rule(.code(42...42, subCodePrefix: ""), .configurationFault, .none),
    Rule(.code(43...43, subCodePrefix: ""), .refused, .none),
    Rule(.code(44...44, subCodePrefix: ""), .configurationFault, .none),
    Rule(.code(45...46, subCodePrefix: ""), .programmingFault, .none),
    Rule(.code(47...47, subCodePrefix: ""), .configurationFault, .none),
    Rule(.code(10...10, subCodePrefix: ""), .temporary, .unknown, "service currently unavailable"),

    Rule(.code(15...15, subCodePrefix: "isv."), .refused, .none, refuser: .backend),
    Rule(.bareSubCode(15...15), .refused, .none, refuser: .backend, "the backend's own code"),
    Rule(.subCodePrefix("isv."), .refused, .none),
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
    Rule(.httpStatus(401...401), .configurationFault, .none),
    Rule(.httpStatus(403...405), .configurationFault, .none, "wrong gateway.url, or a proxy refuses"),
    Rule(.httpStatus(407...407), .configurationFault, .none, "the proxy wants a password"),
    Rule(.httpStatus(429...429), .flowControl, .none),
    Rule(.httpStatus(408...408), .temporary, .none),
    Rule(.httpStatus(425...425), .temporary, .none),
    Rule(.httpStatus(413...414), .refused, .none, refuser: .requestSize),
    Rule(.httpStatus(431...431), .refused, .none, refuser: .requestSize),
    Rule(.httpStatus(Int.min...Int.max), .temporary, .unknown, "HTML, or an answer without envelope"),
    Rule(.anything, .unknown, .unknown),
  ]
}
