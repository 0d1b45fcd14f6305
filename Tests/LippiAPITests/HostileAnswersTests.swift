import BridgeCore
import Testing

@testable import LippiAPI

private let wholeAnswers = [
  #"{"error_response":{"code":7,"msg":"App Call Limited","sub_code":"accesscontrol.limited-by-app-access-count","sub_msg":"This ban will last for 7 more seconds","request_id":"qm2xsck5fkzi"}}"#,
  #"{"error_response":{"code":50,"msg":"Remote service error","sub_code":"isv.invalid-parameter","sub_msg":"非法参数"}}"#,
  #"{"alibaba_lyservice_lippi_message_send_response":{"result":{"msg":"SYSTEM_ERROR","code":"400001","data":"11496248","success":false}}}"#,
  #"{"alibaba_lyservice_lippi_message_send_response":{"result":{"msg":"ok 😀","code":"0","data":"1","success":true},"request_id":"x"}}"#,
]

extension GatewayAnswer {
  fileprivate var allTexts: [TextRange] {
    [message, subCode, subMessage, resultCode, resultMessage, data, requestID]
  }
}

/// An answer comes from outside: nothing in it may stop the process, and nothing broken may pass for a success.
@Suite struct HostileAnswersTests {
  @Test func damagedAnswersNeverTrap() {
    let seed = UInt64.random(in: 0 ... .max)
    print("damaged answers, seed \(seed)")
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let interesting: [UInt8] = Array("{}[]\",:\\u0tfn-9e. ".utf8) + [0, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
    var classifier = AnswerClassifier(rules: RuleTable())
    var answer = GatewayAnswer()
    for round in 0..<50_000 {
      var body = Array(wholeAnswers[next(wholeAnswers.count)].utf8)
      for _ in 0...next(4) where !body.isEmpty {
        let place = next(body.count)
        switch next(5) {
        case 0: body[place] = UInt8(next(256))
        case 1: body[place] = interesting[next(interesting.count)]
        case 2: body.remove(at: place)
        case 3: body.insert(interesting[next(interesting.count)], at: place)
        default: body.removeSubrange(place...)
        }
      }
      let verdict = body.withUnsafeBytes {
        classifier.classify(status: 200, retryAfterSeconds: nil, body: $0, into: &answer)
      }
      #expect((verdict.ruling == .delivered) == (verdict.effect == .done), "seed \(seed), round \(round)")
      for range in answer.allTexts where range.isPresent {
        let (end, count) = (range.end, answer.text.count)
        #expect(end <= count, "seed \(seed), round \(round)")
        #expect(range.count <= GatewayAnswer.textLimit, "seed \(seed), round \(round)")
      }
    }
  }

  @Test func hugeAnswersAreReadOrRefusedWhole() {
    let long = String(repeating: "长", count: 80_000)
    let deep = String(repeating: "[", count: 100_000)
    let many = (0..<20_000).map { #""m\#($0)":0"# }.joined(separator: ",")
    for (body, expected) in [
      (#"{"error_response":{"code":7,"msg":"\#(long)","sub_msg":"\#(long) 5"}}"#, VerdictClass.flowControl),
      (#"{"error_response":{"code":7,"x":\#(deep)"#, .temporary),
      (#"{"error_response":{"code":7,"x":\#(deep)\#(String(repeating: "]", count: 100_000))}}"#, .temporary),
      (#"{\#(many),"error_response":{\#(many),"code":7}}"#, .flowControl),
      (String(repeating: "\"", count: 100_000), .temporary), (long, .temporary),
    ] {
      var classifier = AnswerClassifier(rules: RuleTable())
      var answer = GatewayAnswer()
      let verdict = Array(body.utf8).withUnsafeBytes {
        classifier.classify(status: 200, retryAfterSeconds: nil, body: $0, into: &answer)
      }
      #expect(verdict.ruling == expected, "\(body.prefix(40))")
      let (kept, count) = (answer.message.isPresent ? answer.message.count : 0, answer.text.count)
      #expect(kept <= GatewayAnswer.textLimit)
      #expect(count <= 7 * GatewayAnswer.textLimit)
    }
  }
}

@Suite struct EveryRuleIsReachedTests {
  /// For each row an answer made from its own match: a row in front of it that also holds would decide instead.
  @Test func noBuiltInRowIsHiddenByAnEarlierOne() {
    let rules = RuleTable()
    for rule in rules.rules {
      let (code, subCode, result): (Int64?, String?, (Bool?, String?)?)
      var status: Int?
      switch rule.match {
      case .subCode(let name): (code, subCode, result) = (nil, name, nil)
      case .subCodePrefix(let prefix): (code, subCode, result) = (nil, prefix + "x", nil)
      case .code(let codes, let prefix):
        (code, subCode, result) = (codes.upperBound, prefix.isEmpty ? nil : prefix + "x", nil)
      case .bareSubCode(let codes): (code, subCode, result) = (min(codes.upperBound, 999), "BARE", nil)
      case .codeAlone(let codes): (code, subCode, result) = (codes.lowerBound, nil, nil)
      case .success: (code, subCode, result) = (nil, nil, (true, nil))
      case .noSuccess: (code, subCode, result) = (nil, nil, (false, nil))
      case .resultCode(let name): (code, subCode, result) = (nil, nil, (false, name))
      case .httpStatus(let statuses):
        (code, subCode, result) = (nil, nil, nil)
        status = min(statuses.upperBound, 599)
      case .anything: (code, subCode, result) = (nil, nil, nil)
      }
      let found = Self.match(rules, code, subCode, result, status)
      #expect(found == rule.match)
    }
  }

  private static func match(
    _ rules: RuleTable, _ code: Int64?, _ subCode: String?, _ result: (Bool?, String?)?, _ status: Int?
  ) -> Rule.Match {
    Array((subCode ?? result?.1 ?? "").utf8).withUnsafeBytes { text in
      let envelope: AnswerFacts.Envelope =
        if status != nil {
          .none
        } else if let result {
          .result(success: result.0, code: result.1 == nil ? nil : text)
        } else {
          .error(code: code, subCode: subCode == nil ? nil : text)
        }
      return rules.rule(for: AnswerFacts(httpStatus: status ?? 200, envelope: envelope)).match
    }
  }
}
