import BridgeCore
import ChatEvents
import Foundation
import Testing

@testable import LippiAPI

/// An event with every member, as the API's page has it.
private func documentedEvent(content: String, withCaller: Bool = true) -> ChatEvent {
  var event = ChatEvent()
  func store(_ text: String, _ event: inout ChatEvent) -> TextRange {
    var text = text
    return text.withUTF8 { event.text.store(UnsafeRawBufferPointer($0)) }
  }
  event.message.buID = store("100", &event)
  event.message.cmsID = store("testCmsId", &event)
  event.message.content = store(content, &event)
  event.message.contentType = 1
  event.message.dingCorpID = store("dingxxx", &event)
  event.message.messageCreateAt = 1_577_096_532_390
  event.message.messageID = store("768572312", &event)
  event.message.openInstanceID = store("shop001", &event)
  event.message.productionType = 1
  event.message.senderID = store("8003", &event)
  event.message.senderType = .agent
  event.message.sessionSource = store("XSpace", &event)
  event.message.sid = store("testSessionId", &event)
  if withCaller {
    event.message.caller.corpID = store("dingxxx", &event)
    event.message.caller.isvOrgID = 0
    event.message.caller.orgID = 123
    event.message.caller.suiteKey = store("xxx", &event)
    event.message.caller.tokenGrantType = 0
  }
  return event
}

private func body(
  of event: borrowing ChatEvent, method: SignatureMethod = .hmacSHA256, session: String? = nil
) -> String {
  var settings = GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8))
  settings.signMethod = method
  settings.session = session
  var encoder = RequestEncoder(settings: settings)
  var buffer = ByteBuffer()
  // 2016-01-01 12:00:00 in GMT+8
  encoder.encode(event, at: WallTime(milliseconds: 1_451_620_800_999), into: &buffer)
  return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
}

/// Percent-decoding of its own, so that a mistake of the encoder cannot hide.
private func parameters(_ body: String) -> [(name: String, value: String)] {
  body.split(separator: "&", omittingEmptySubsequences: false).map { pair in
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
      String($0).replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? "?"
    }
    return (parts[0], parts[1])
  }
}

@Suite struct RequestTests {
  private static let exotic = "你好 😀 a+b&c=d/e\"\n"

  /// Vectors with every member, with an empty caller, and with a content of every kind of character.
  @Test(arguments: [
    ("hello", true, SignatureMethod.md5, "BF151F7A8D7F34A575E4DC3ADCE6AE9D"),
    ("hello", true, .hmac, "EDEEC8EDDC1B5B6A69B0C643692ADA09"),
    ("hello", true, .hmacSHA256, "393943670E46A81E0420057961C1B665D947C47F53648018536CF5D98DE109B9"),
    ("hello", false, .md5, "E7EB2F8A8E77126227039666CB8AE6BD"),
    ("hello", false, .hmac, "02272E830E28B084AD7A6D381C7D71FD"),
    ("hello", false, .hmacSHA256, "A83028AFE8252C92CEBF2BE5842B022D01488EAB9D64D1438189544D23108AB3"),
    (exotic, true, .md5, "DDEA35F8BC1C1366831012B535E01FF8"),
    (exotic, true, .hmac, "A1BB7A9D0976E520CE2B51833485E6FF"),
    (exotic, true, .hmacSHA256, "E882CD6C718C7DCB20F27267AAA4A72A288309E147FB142346E3270DEA9A0BD9"),
  ])
  func documentedRequestsAreSignedAsDocumented(
    _ content: String, _ withCaller: Bool, _ method: SignatureMethod, _ signature: String
  ) {
    let body = body(of: documentedEvent(content: content, withCaller: withCaller), method: method)
    #expect(body.hasSuffix("&sign=\(signature)"))
    #expect(parameters(body).first { $0.name == "sign_method" }?.value == "\(method.name)")
  }

  @Test(arguments: [
    (SignatureMethod.md5, "66987CB115214E59E6EC978214934FB8"), (.hmac, "D56D7858309C31B6251083A874D48273"),
    (.hmacSHA256, "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
  ])
  func thePublishedVectors(_ method: SignatureMethod, _ signature: String) {
    let text = [
      ("app_key", "12345678"), ("fields", "num_iid,title,nick,price,num"), ("format", "json"),
      ("method", "taobao.item.seller.get"), ("num_iid", "11223344"), ("session", "test"),
      ("sign_method", "\(method.name)"), ("timestamp", "2016-01-01 12:00:00"), ("v", "2.0"),
    ].map { $0 + $1 }.joined()
    let signer = Signer(method: method, secret: Array("helloworld".utf8))
    var buffer = ByteBuffer()
    for _ in 0..<2 {
      buffer.removeAll()
      Array(text.utf8).withUnsafeBytes { signer.sign($0, into: &buffer) }
      #expect(buffer.withBytes { String(decoding: $0, as: UTF8.self) } == signature)
    }
  }

  @Test func theBodyDecodesToWhatWasMeant() throws {
    let list = parameters(body(of: documentedEvent(content: Self.exotic), session: "s e+ss"))
    let names = list.map(\.name)
    #expect(names.last == "sign")
    #expect(names.dropLast() == names.dropLast().sorted()[...])
    #expect(Set(names).count == names.count)
    #expect(list.allSatisfy { !$0.value.isEmpty })
    let values = Dictionary(uniqueKeysWithValues: list)
    #expect(values["method"] == "alibaba.lyservice.lippi.message.send")
    #expect(values["timestamp"] == "2016-01-01 12:00:00")
    #expect(values["format"] == "json")
    #expect(values["v"] == "2.0")
    #expect(values["session"] == "s e+ss")
    let message = try #require(
      JSONSerialization.jsonObject(with: Data(values["ly_open_message_dto"]!.utf8)) as? [String: Any])
    #expect(message["content"] as? String == Self.exotic)
    #expect(message["content_type"] as? Int == 1)
    #expect(message["sender_type"] as? String == "4")
    #expect(message["message_create_at"] as? Int64 == 1_577_096_532_390)
    #expect(message.count == 13)
  }

  @Test func absentMembersAreLeftOut() {
    var event = ChatEvent()
    event.message.contentType = 2
    let values = Dictionary(uniqueKeysWithValues: parameters(body(of: event)))
    #expect(values["ly_ding_open_para_dto"] == "{}")
    #expect(values["ly_open_message_dto"] == #"{"content_type":2,"sender_type":"1"}"#)
  }

  @Test func everyByteIsEncodedSoThatItDecodesToItself() {
    var buffer = ByteBuffer(capacity: 1)
    let bytes = (0...255).map { UInt8($0) }
    bytes.withUnsafeBytes { FormEncoding.append($0, to: &buffer) }
    let text = buffer.withBytes { Array($0) }
    var decoded: [UInt8] = []
    var position = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "+"): decoded.append(32)
      case UInt8(ascii: "%"):
        decoded.append(
          UInt8(String(decoding: text[(position + 1)...(position + 2)], as: UTF8.self), radix: 16)!)
        position += 2
      default: decoded.append(text[position])
      }
      position += 1
    }
    #expect(decoded == bytes)
  }

  @Test func aSecretIsNeverPrinted() {
    let settings = GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8))
    #expect(!"\(settings) \(String(reflecting: settings))".contains("helloworld"))
  }

  @Test func aRequestCostsAFewMicroseconds() {
    let event = documentedEvent(content: String(repeating: "Where is my parcel? ", count: 10))
    var encoder = RequestEncoder(
      settings: GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8)))
    var buffer = ByteBuffer()
    let count = 50_000
    let elapsed = ContinuousClock().measure {
      for _ in 0..<count {
        buffer.removeAll()
        encoder.encode(event, at: WallTime(milliseconds: 1_451_620_800_999), into: &buffer)
      }
    }
    print("encode and sign, \(buffer.count) bytes: \((elapsed / count) / .microseconds(1)) µs")
    #expect(buffer.count > 900)
  }
}
