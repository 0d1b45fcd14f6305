import BridgeCore
import Testing

@testable import LippiAPI

/// Every code up to 1 000 without a sub_code, and every named sub_code under the codes it comes with.
@Suite struct EveryCodeHasItsClassTests {
  private static func verdict(_ code: Int64, _ subCode: String?) -> Verdict {
    var classifier = AnswerClassifier(rules: RuleTable())
    var answer = GatewayAnswer()
    let sub = subCode.map { #","sub_code":"\#($0)""# } ?? ""
    let body = #"{"error_response":{"code":\#(code),"msg":"Remote service error"\#(sub)}}"#
    return Array(body.utf8).withUnsafeBytes {
      classifier.classify(status: 200, retryAfterSeconds: nil, body: $0, into: &answer)
    }
  }

  private static let classes: [(codes: Set<Int64>, ruling: VerdictClass, effect: Effect)] = [
    ([4, 5, 6, 7, 8], .flowControl, .none),
    (
      [2, 11, 12, 13, 21, 22, 23, 24, 25, 26, 27, 28, 29, 32, 33, 34, 42, 44, 47], .configurationFault, .none
    ),
    ([30, 31], .clockFault, .none),
    ([3, 9, 20, 45, 46], .programmingFault, .none),
    ([40, 41, 43], .refused, .none),
    ([10, 15, 50, 520, 530, 540, 670, 700], .temporary, .unknown),
  ]

  @Test func codesAlone() {
    for code in Int64(-1)...1_000 {
      let expected = Self.classes.first { $0.codes.contains(code) }
      let verdict = Self.verdict(code, nil)
      #expect(verdict.ruling == expected?.ruling ?? .unknown, "\(code)")
      #expect(verdict.effect == expected?.effect ?? .unknown, "\(code)")
    }
  }

  /// A fault of ours stays one, whatever its sub_code says.
  @Test(arguments: ["isv.something", "isp.something", "something", "some.thing"])
  func codesOfTheGatewayItselfKeepTheirClass(_ subCode: String) {
    for (codes, ruling, effect) in Self.classes where ruling != .temporary {
      for code in codes {
        #expect(Self.verdict(code, subCode).ruling == ruling, "\(code)")
        #expect(Self.verdict(code, subCode).effect == effect, "\(code)")
      }
    }
  }

  @Test(
    arguments: [
      ("accesscontrol.limited-by-app-access-count", .flowControl, .none),
      ("accesscontrol.limited-by-api-access-count", .flowControl, .none),
      ("accesscontrol.limited-by-app-api-access-count", .flowControl, .none),
      ("isp.top-remote-connection-error", .backendNotReached, .none),
      ("isp.lippi-service-unavailable", .temporary, .unknown),
      ("isp.remote-service-error", .temporary, .unknown),
      ("isp.remote-service-timeout", .temporary, .unknown),
      ("isp.remote-connection-error", .temporary, .unknown),
      ("isp.top-remote-connection-timeout", .temporary, .unknown),
      ("isp.unknown-error", .temporary, .unknown), ("isp.anything", .temporary, .unknown),
      ("isp.null-pointer-exception", .notTemporary, .unknown),
      ("isp.top-parse-error", .notTemporary, .unknown),
      ("isp.top-mapping-parse-error", .notTemporary, .unknown),
      ("isp.get-app-error", .configurationFault, .none),
      ("isv.permission-api-package-limit", .configurationFault, .none),
      ("isv.permission-ip-whitelist-limit", .configurationFault, .none),
      ("isv.appkey-not-exists", .configurationFault, .none),
      ("isv.timestamp-limit-error", .clockFault, .none),
      ("isv.missing-parameter:sid", .refused, .none), ("isv.invalid-parameter:sid", .refused, .none),
      ("isv.anything", .refused, .none), ("AGENT_OFFLINE", .refused, .none),
      ("other.family", .unknown, .unknown),
    ] as [(String, VerdictClass, Effect)])
  func subCodesUnderRemoteServiceErrors(_ subCode: String, _ ruling: VerdictClass, _ effect: Effect) {
    for code in [1, 15, 50, 520, 530, 540, 670, 700] as [Int64] {
      #expect(Self.verdict(code, subCode).ruling == ruling, "\(code)")
      #expect(Self.verdict(code, subCode).effect == effect, "\(code)")
    }
  }
}
