import BridgeCore
import Testing

@testable import LippiAPI

private func verdict(_ body: String, status: Int) -> Verdict {
  var classifier = AnswerClassifier(rules: RuleTable())
  var answer = GatewayAnswer()
  return Array(body.utf8).withUnsafeBytes {
    classifier.classify(status: status, retryAfterSeconds: nil, body: $0, into: &answer)
  }
}

private let root = "alibaba_lyservice_lippi_message_send_response"

/// The gateway's own names are there, what they should hold is not: nobody can tell whether the agent got the message,
/// so no HTTP status may turn that into "certainly not".
@Suite struct DamagedEnvelopeTests {
  static let statuses = [200, 302, 403, 408, 413, 429, 500]

  @Test(arguments: [
    #"{"\#(root)":{"request_id":"x"}}"#, #"{"\#(root)":{"result":null}}"#, #"{"\#(root)":{"result":[]}}"#,
    #"{"\#(root)":{"result":{}}}"#, #"{"\#(root)":{"result":{"success":null}}}"#, #"{"\#(root)":"true"}"#,
    #"{"\#(root)":null}"#, #"{"\#(root)":{"result":{"success":"maybe"}}}"#,
    #"{"\#(root)":{"result":{"success":1}}}"#, #"{"error_response":[]}"#, #"{"error_response":"7"}"#,
    #"{"error_response":{}}"#, #"{"error_response":{"code":[7]}}"#, #"{"error_response":{"code":7.5}}"#,
    #"{"error_response":{"code":-7}}"#, #"{"error_response":{"code":99999999999999999999999999}}"#,
  ])
  func itsEffectIsUnknown(_ body: String) {
    for status in Self.statuses {
      let verdict = verdict(body, status: status)
      #expect(verdict.ruling == .unknown, "\(status)")
      #expect(verdict.effect == .unknown, "\(status)")
    }
  }

  @Test func aNullErrorIsNoError() {
    let body = #"{"error_response":null,"\#(root)":{"result":{"success":true}}}"#
    #expect(verdict(body, status: 200).ruling == .delivered)
  }

  @Test func anErrorStandsBeforeAResult() {
    let body = #"{"\#(root)":{"result":{"success":true}},"error_response":{"code":10}}"#
    #expect(verdict(body, status: 200) == Verdict(.temporary, effect: .unknown))
  }

  /// "  " names nothing: code 15 alone is temporary, and only a name of the backend's means that it refused.
  @Test(arguments: ["", " ", "  \\t"])
  func aBlankSubCodeIsNone(_ subCode: String) {
    let body = #"{"error_response":{"code":15,"sub_code":"\#(subCode)"}}"#
    #expect(verdict(body, status: 200) == Verdict(.temporary, effect: .unknown))
  }

  /// A sub_code that cannot be read is not known to be a refusal.
  @Test func aSubCodeWithALoneSurrogateRefusesNothing() {
    let body = #"{"error_response":{"code":15,"sub_code":"isv.\ud800"}}"#
    #expect(verdict(body, status: 200).effect == .unknown)
  }
}

/// The form whose members stand at the top has no name that tells it from a proxy's own JSON.
@Suite struct AnswersAtTheTopLevelTests {
  @Test(arguments: [
    (#"{"code":503,"msg":"no healthy upstream"}"#, 503, VerdictClass.temporary, Effect.unknown),
    (#"{"code":404,"msg":"no route"}"#, 404, .configurationFault, .none),
    (#"{"code":40,"msg":"x"}"#, 502, .temporary, .unknown),
    (#"{"success":false,"code":"E1","msg":"down"}"#, 502, .temporary, .unknown),
    (#"{"success":true}"#, 502, .temporary, .unknown),
    (#"{"result":{"success":false}}"#, 504, .temporary, .unknown),
  ])
  func aProxysOwnJSONIsJudgedByItsStatus(
    _ body: String, _ status: Int, _ ruling: VerdictClass, _ effect: Effect
  ) {
    let verdict = verdict(body, status: status)
    #expect(verdict.ruling == ruling)
    #expect(verdict.effect == effect)
  }

  @Test(arguments: [
    (#"{"result":{"success":true}}"#, 200, VerdictClass.delivered), (#"{"success":true}"#, 200, .delivered),
    (#"{"result":{"success":true},"request_id":"x"}"#, 500, .delivered),
    (#"{"success":"false","request_id":"x"}"#, 403, .refused),
    (#"{"code":25,"msg":"Invalid signature"}"#, 200, .configurationFault),
    (#"{"code":25,"msg":"Invalid signature","request_id":"x"}"#, 500, .configurationFault),
    (#"{"code":15,"msg":"Remote service error","sub_code":"isv.x"}"#, 500, .refused),
  ])
  func theGatewaysFormIsToldByItsMarksOrItsStatus(_ body: String, _ status: Int, _ ruling: VerdictClass) {
    #expect(verdict(body, status: status).ruling == ruling)
  }
}
