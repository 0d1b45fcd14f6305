import BridgeCore
import ChatEvents
import Foundation
import Testing

@testable import LippiAPI

/// SplitMix64: the same seed gives the same events everywhere.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// What was put into an event, to be found again in what is sent.
private struct Expected {
  var texts: [String: String] = [:]
  var numbers: [String: Int64] = [:]
}

private let pieces = [
  "a", "Z", "0", " ", "  ", "+", "%", "%41", "&", "=", "\"", "\\", "/", "\n", "\r\n", "\t", "\u{0}", "\u{1}",
  "\u{1F}", "\u{7F}", "\u{80}", "é", "你好", "😀", "👨‍👩‍👧‍👦", "\u{2028}", "\u{10FFFF}", "'", "<", ">", "*", "~", "-_.",
  "{\"a\":1}", "&sign=0", "\u{FFFD}", "e\u{301}",
]

private func fill(
  _ event: inout ChatEvent, _ random: inout SeededGenerator
) -> (message: Expected, caller: Expected) {
  var (message, caller) = (Expected(), Expected())
  func text(_ name: String, _ part: inout Expected) -> TextRange {
    var value = (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random)!
    }
    .joined()
    part.texts[name] = value
    return value.withUTF8 { event.text.store(UnsafeRawBufferPointer($0)) }
  }
  func maybeText(_ name: String, _ part: inout Expected) -> TextRange {
    Bool.random(using: &random) ? text(name, &part) : .absent
  }
  func number(_ name: String, _ part: inout Expected) -> Int64? {
    guard Bool.random(using: &random) else { return nil }
    let value = [0, -1, 1001, .min, .max, Int64.random(in: .min ... .max, using: &random)].randomElement(
      using: &random)!
    part.numbers[name] = value
    return value
  }
  event.message.messageID = text("message_id", &message)
  event.message.sid = text("sid", &message)
  event.message.sessionSource = text("session_source", &message)
  event.message.content = text("content", &message)
  event.message.buID = text("bu_id", &message)
  event.message.cmsID = maybeText("cms_id", &message)
  event.message.dingCorpID = maybeText("ding_corp_id", &message)
  event.message.senderID = maybeText("sender_id", &message)
  event.message.openInstanceID = maybeText("open_instance_id", &message)
  event.message.contentType = number("content_type", &message)
  event.message.productionType = number("production_type", &message)
  event.message.messageCreateAt = number("message_create_at", &message)
  event.message.senderType = Bool.random(using: &random) ? .agent : .member
  message.texts["sender_type"] = event.message.senderType == .agent ? "4" : "1"
  event.message.caller.corpID = maybeText("corp_id", &caller)
  event.message.caller.suiteKey = maybeText("suite_key", &caller)
  event.message.caller.orgID = number("org_id", &caller)
  event.message.caller.tokenGrantType = number("token_grant_type", &caller)
  event.message.caller.isvOrgID = number("isv_org_id", &caller)
  return (message, caller)
}

/// Decoding by Foundation.
private func parameters(_ body: String) -> [(name: String, value: String)] {
  body.split(separator: "&", omittingEmptySubsequences: false).map { pair in
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return (String(parts[0]), parts[1].replacing("+", with: " ").removingPercentEncoding ?? "not decodable")
  }
}

private func encode(
  _ event: borrowing ChatEvent, _ encoder: inout RequestEncoder, at time: WallTime
) -> String {
  var buffer = ByteBuffer(capacity: 1)
  encoder.encode(event, at: time, into: &buffer)
  return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
}

private func isSame(_ json: String?, _ expected: Expected) throws -> Bool {
  let object = try #require(
    try JSONSerialization.jsonObject(with: Data((json ?? "").utf8)) as? [String: Any])
  // Unicode scalars: String's own equality takes "é" and "e\u{301}" for the same.
  let texts = expected.texts.allSatisfy { name, value in
    (object[name] as? String).map { Array($0.unicodeScalars) == Array(value.unicodeScalars) } ?? false
  }
  let numbers = expected.numbers.allSatisfy { name, value in (object[name] as? NSNumber)?.int64Value == value
  }
  return texts && numbers && object.count == expected.texts.count + expected.numbers.count
}

@Suite struct RandomRequestsVerifyTests {
  @Test(arguments: [
    (SignatureMethod.md5, 16), (.hmac, 16), (.hmacSHA256, 16), (.hmacSHA256, 0), (.hmac, 64),
    (.hmacSHA256, 65),
    (.md5, 200),
  ])
  func whatIsSentDecodesAndVerifies(_ method: SignatureMethod, _ secretByteCount: Int) throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("random requests, \(method.name), seed \(seed)")
    var random = SeededGenerator(state: seed)
    let secret = (0..<secretByteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
    var settings = GatewaySettings(appKey: "12345678", secret: secret)
    settings.signMethod = method
    settings.session = "6100e23 +&=%你"
    var encoder = RequestEncoder(settings: settings)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 8 * 3_600)
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    var event = ChatEvent()
    for round in 0..<200 {
      event.reset()
      let expected = fill(&event, &random)
      let time = WallTime(milliseconds: .random(in: 0...4_102_444_800_000, using: &random))
      let body = encode(event, &encoder, at: time)
      let list = parameters(body)
      let trace: Comment = "seed \(seed), round \(round)"
      let names = list.map(\.name)
      #expect(names.last == "sign" && Set(names).count == names.count, trace)
      #expect(Array(names.dropLast()) == names.dropLast().sorted(), trace)
      #expect(list.allSatisfy { !$0.value.isEmpty }, trace)
      // Only what every decoder leaves alone.
      #expect(
        body.utf8.allSatisfy {
          UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || "-_.+%&=".utf8.contains($0)
        }, trace)
      let values = Dictionary(uniqueKeysWithValues: list)
      #expect(values["session"] == settings.session, trace)
      let date = Date(timeIntervalSince1970: Double(time.milliseconds / 1_000))
      #expect(values["timestamp"] == formatter.string(from: date), trace)
      #expect(
        values["sign"]
          == ReferenceSignature.sign(
            list.dropLast(), method: try #require(values["sign_method"]), secret: secret), trace)
      #expect(try isSame(values["ly_open_message_dto"], expected.message), trace)
      #expect(try isSame(values["ly_ding_open_para_dto"], expected.caller), trace)
    }
  }

  /// The published vector, so that the reference itself is known to be right.
  @Test(arguments: [
    ("md5", "66987CB115214E59E6EC978214934FB8"), ("hmac", "D56D7858309C31B6251083A874D48273"),
    ("hmac-sha256", "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
  ])
  func theReferenceIsRight(_ method: String, _ signature: String) {
    let parameters = [
      (name: "v", value: "2.0"), (name: "app_key", value: "12345678"), (name: "format", value: "json"),
      (name: "fields", value: "num_iid,title,nick,price,num"), (name: "sign_method", value: method),
      (name: "method", value: "taobao.item.seller.get"), (name: "num_iid", value: "11223344"),
      (name: "session", value: "test"), (name: "timestamp", value: "2016-01-01 12:00:00"),
    ]
    #expect(
      ReferenceSignature.sign(parameters, method: method, secret: Array("helloworld".utf8)) == signature)
  }

  @Test(arguments: SignatureMethod.allCases)
  func everySecretSigns(_ method: SignatureMethod) {
    let event = ChatEvent()
    for secret in ["helloworld", "rotated", String(repeating: "long", count: 40)] {
      var settings = GatewaySettings(appKey: "12345678", secret: Array(secret.utf8))
      settings.signMethod = method
      var encoder = RequestEncoder(settings: settings)
      let list = parameters(encode(event, &encoder, at: WallTime(milliseconds: 1_451_620_800_000)))
      #expect(
        list.last?.value
          == ReferenceSignature.sign(list.dropLast(), method: "\(method.name)", secret: Array(secret.utf8)))
    }
  }

  /// Apart from the others, because Foundation's reader drops it from the front of a text.
  @Test func aByteOrderMarkIsATextLikeAnyOther() {
    var event = ChatEvent()
    event.message.content = Array("\u{FEFF}a".utf8).withUnsafeBytes { event.text.store($0) }
    var encoder = RequestEncoder(settings: GatewaySettings(appKey: "1", secret: [1]))
    let body = encode(event, &encoder, at: WallTime(milliseconds: 0))
    #expect(body.contains("%22content%22%3A%22%EF%BB%BFa%22"))
  }

  @Test(arguments: ["", " ", "\t\n", "\u{3000}"])
  func aBlankSessionIsNotSent(_ session: String) {
    var settings = GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8))
    settings.session = session
    var encoder = RequestEncoder(settings: settings)
    let event = ChatEvent()
    let list = parameters(encode(event, &encoder, at: WallTime(milliseconds: 0)))
    #expect(!list.contains { $0.name == "session" })
    #expect(list.count == 9)
  }
}
