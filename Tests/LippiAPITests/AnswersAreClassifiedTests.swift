import BridgeCore
import Testing

@testable import LippiAPI

private func verdict(
  _ body: String, status: Int = 200, retryAfter: Int64? = nil, rules: RuleTable = RuleTable()
) -> Verdict {
  var classifier = AnswerClassifier(rules: rules)
  var answer = GatewayAnswer()
  return Array(body.utf8).withUnsafeBytes {
    classifier.classify(status: status, retryAfterSeconds: retryAfter, body: $0, into: &answer)
  }
}

private func error(_ code: String, _ subCode: String? = nil, subMessage: String? = nil) -> String {
  let sub = subCode.map { #","sub_code":"\#($0)""# } ?? ""
  let text = subMessage.map { #","sub_msg":"\#($0)""# } ?? ""
  return
    #"{"error_response":{"code":\#(code),"msg":"Remote service error"\#(sub)\#(text),"request_id":"abc"}}"#
}

private func result(_ members: String) -> String {
  #"{"alibaba_lyservice_lippi_message_send_response":{"result":{\#(members)},"request_id":"qm2xsck5fkzi"}}"#
}

@Suite struct AnswersAreClassifiedTests {
  /// answer → class, effect
  @Test(
    arguments: [
      (result(#""success":true,"code":"200","msg":"ok","data":"1""#), VerdictClass.delivered, Effect.done),
      (result(#""success":"true""#), .delivered, .done),
      (result(#""msg":"SYSTEM_ERROR","code":"400001","data":"11496248","success":false"#), .refused, .none),
      (result(#""code":"1""#), .unknown, .unknown),
      (#"{"result":{"success":true},"request_id":"x"}"#, .delivered, .done),
      (#"{"success":true,"code":"200","request_id":"x"}"#, .delivered, .done),
      (#"{"code":25,"msg":"Invalid signature","request_id":"x"}"#, .configurationFault, .none),
      (error("50", "isv.invalid-parameter"), .refused, .none),
      (error("7", "accesscontrol.limited-by-app-access-count"), .flowControl, .none),
      (error("7"), .flowControl, .none), (error("4"), .flowControl, .none),
      (error("\"8\""), .flowControl, .none),
      (error("15", "isp.top-remote-connection-error"), .backendNotReached, .none),
      (error("15", "isp.null-pointer-exception"), .notTemporary, .unknown),
      (error("15", "isp.top-parse-error"), .notTemporary, .unknown),
      (error("15", "isp.top-mapping-parse-error"), .notTemporary, .unknown),
      (error("15", "isp.remote-service-error"), .temporary, .unknown),
      (error("15", "isp.lyservice-service-unavailable"), .temporary, .unknown),
      (error("15", "isp.top-remote-connection-timeout"), .temporary, .unknown),
      (error("10"), .temporary, .unknown), (error("15"), .temporary, .unknown),
      (error("700"), .temporary, .unknown),
      (error("1", "isp.get-app-error"), .configurationFault, .none),
      (error("11", "isv.permission-ip-whitelist-limit"), .configurationFault, .none),
      (error("25", "isv.invalid-signature"), .configurationFault, .none),
      (error("27", "invalid-sessionkey"), .configurationFault, .none),
      (error("29", "isv.appkey-not-exists"), .configurationFault, .none),
      (error("22"), .configurationFault, .none), (error("33"), .configurationFault, .none),
      (error("47"), .configurationFault, .none), (error("2"), .configurationFault, .none),
      (error("30"), .clockFault, .none), (error("31", "isv.timestamp-limit-error"), .clockFault, .none),
      (error("3"), .programmingFault, .none), (error("9"), .programmingFault, .none),
      (error("45"), .programmingFault, .none),
      (error("40", "isv.missing-parameter:sid"), .refused, .none), (error("41"), .refused, .none),
      (error("43"), .refused, .none), (error("15", "isv.something"), .refused, .none),
      (error("15", "NO_SUCH_AGENT"), .refused, .none), (error("540", "NO_SUCH_AGENT"), .refused, .none),
      (error("99"), .unknown, .unknown), (error("null"), .unknown, .unknown),
      (error("1"), .unknown, .unknown),
    ] as [(String, VerdictClass, Effect)])
  func envelopes(_ body: String, _ ruling: VerdictClass, _ effect: Effect) {
    for status in [200, 500, 403] {
      let verdict = verdict(body, status: status)
      #expect(verdict.ruling == ruling)
      #expect(verdict.effect == effect)
    }
  }

  /// HTTP status without an envelope → class, effect
  @Test(arguments: [
    (200, VerdictClass.temporary, Effect.unknown), (302, .configurationFault, .none),
    (400, .temporary, .unknown),
    (401, .configurationFault, .none), (403, .configurationFault, .none), (404, .configurationFault, .none),
    (405, .configurationFault, .none), (407, .configurationFault, .none), (408, .temporary, .none),
    (413, .refused, .none), (414, .refused, .none), (425, .temporary, .none), (429, .flowControl, .none),
    (431, .refused, .none), (500, .temporary, .unknown), (502, .temporary, .unknown),
    (504, .temporary, .unknown),
  ])
  func answersWithoutEnvelope(_ status: Int, _ ruling: VerdictClass, _ effect: Effect) {
    for body in ["", "<html><h1>Sorry</h1></html>", "{", "[]", "null", #"{"other":1}"#, "\u{0}"] {
      let verdict = verdict(body, status: status, retryAfter: 7)
      #expect(verdict.banSeconds == (ruling == .flowControl ? 7 : nil))
      #expect(verdict.ruling == ruling, "\(body)")
      #expect(verdict.effect == effect, "\(body)")
      #expect(verdict.retryAfterSeconds == 7)
    }
  }

  @Test(
    arguments: [
      ("This ban will last for 7 more seconds", 7), ("This ban will last for 86400 more seconds", 86_400),
      ("no number", nil), ("99999999999999999999999", Int64.max),
    ] as [(String, Int64?)])
  func aBanSaysHowLong(_ text: String, _ seconds: Int64?) {
    #expect(
      verdict(error("7", "accesscontrol.limited-by-app-access-count", subMessage: text)).banSeconds == seconds
    )
    #expect(verdict(error("15", "isp.x", subMessage: text)).banSeconds == nil)
  }

  @Test func whoRefused() {
    #expect(verdict(result(#""success":false"#)).refuser == .backend)
    #expect(verdict(error("15", "isv.x")).refuser == .backend)
    #expect(verdict(error("15", "BARE")).refuser == .backend)
    #expect(verdict(error("50", "isv.x")).refuser == .gateway)
    #expect(verdict("", status: 413).refuser == .requestSize)
  }

  @Test func aConfiguredRuleComesFirst() {
    let rules = RuleTable(overrides: [Rule(.resultCode("400001"), .temporary, .unknown)])
    #expect(verdict(result(#""success":false,"code":"400001""#), rules: rules).ruling == .temporary)
    #expect(verdict(result(#""success":false,"code":"400002""#), rules: rules).ruling == .refused)
    #expect(verdict(result(#""success":true,"code":"400001""#), rules: rules).ruling == .delivered)
  }

  @Test func textsAreKept() {
    var classifier = AnswerClassifier(rules: RuleTable())
    var answer = GatewayAnswer()
    func text(_ range: TextRange) -> String? {
      range.isPresent ? answer.text.withBytes(of: range) { String(decoding: $0, as: UTF8.self) } : nil
    }
    let body =
      #"{"error_response":{"sub_msg":"非法参数","code":"50","msg":"m","sub_code":"isv.x","request_id":"r"}}"#
    _ = Array(body.utf8).withUnsafeBytes {
      classifier.classify(status: 200, retryAfterSeconds: nil, body: $0, into: &answer)
    }
    let (status, code) = (answer.httpStatus, answer.code)
    #expect(status == 200)
    #expect(code == 50)
    #expect(text(answer.subMessage) == "非法参数")
    #expect(text(answer.requestID) == "r")
    #expect(text(answer.resultCode) == nil)
    let success = result(#""success":true,"code":200,"msg":"ok","data":"11496248""#)
    _ = Array(success.utf8).withUnsafeBytes {
      classifier.classify(status: 200, retryAfterSeconds: nil, body: $0, into: &answer)
    }
    let successCode = answer.code
    #expect(successCode == nil)
    #expect(text(answer.resultCode) == "200")
    #expect(text(answer.data) == "11496248")
    #expect(text(answer.requestID) == "qm2xsck5fkzi")
  }

  @Test func endingsWithoutAnAnswer() {
    let classifier = AnswerClassifier(rules: RuleTable())
    for fault in TransportFault.allCases {
      let unsent = classifier.classify(ending: .notSent(fault))
      #expect(unsent.ruling == .temporary)
      #expect(unsent.effect == .none)
      #expect(classifier.classify(ending: .unanswered(fault)).effect == .unknown)
    }
  }

  @Test func tornAndBrokenAnswersNeverTrap() {
    let whole = error("15", "isp.x", subMessage: "2 more seconds")
    for length in 0..<whole.utf8.count {
      #expect(verdict(String(whole.prefix(length))).effect == .unknown, "\(length)")
    }
  }

  @Test func anAnswerCostsLittle() {
    var classifier = AnswerClassifier(rules: RuleTable())
    var answer = GatewayAnswer()
    let body = Array(result(#""success":true,"code":"200","msg":"success","data":"11496248""#).utf8)
    let count = 100_000
    let elapsed = ContinuousClock().measure {
      for _ in 0..<count {
        _ = body.withUnsafeBytes {
          classifier.classify(status: 200, retryAfterSeconds: nil, body: $0, into: &answer)
        }
      }
    }
    print("classify, \(body.count) bytes: \((elapsed / count) / .microseconds(1)) µs")
    let isPresent = answer.isPresent
    #expect(isPresent)
  }
}
