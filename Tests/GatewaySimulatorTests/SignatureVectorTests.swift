import Testing

@testable import GatewaySimulator

/// Signatures that were published, or computed with other tools.
@Suite struct SignatureVectorTests {
  struct Vector: CustomTestStringConvertible {
    var testDescription: String
    var parameters: [(name: String, value: String)]
    var md5: String
    var hmac: String
    var hmacSHA256: String
  }

  private static let message = """
    {"bu_id":"100","cms_id":"testCmsId","content":"hello","content_type":1,"ding_corp_id":"dingxxx",\
    "message_create_at":1577096532390,"message_id":"768572312","open_instance_id":"shop001",\
    "production_type":1,"sender_id":"8003","sender_type":"4","session_source":"XSpace","sid":"testSessionId"}
    """
  private static let openPara =
    #"{"corp_id":"dingxxx","isv_org_id":0,"org_id":123,"suite_key":"xxx","token_grant_type":0}"#

  private static func send(_ openPara: String, _ message: String) -> [(name: String, value: String)] {
    [
      ("app_key", "12345678"), ("timestamp", "2016-01-01 12:00:00"), ("format", "json"), ("v", "2.0"),
      ("method", "alibaba.lyservice.lippi.message.send"), ("ly_ding_open_para_dto", openPara),
      ("ly_open_message_dto", message),
    ]
  }

  static let vectors = [
    Vector(
      testDescription: "published request",
      parameters: [
        ("app_key", "12345678"), ("fields", "num_iid,title,nick,price,num"), ("format", "json"),
        ("method", "taobao.item.seller.get"), ("num_iid", "11223344"), ("session", "test"),
        ("timestamp", "2016-01-01 12:00:00"), ("v", "2.0"),
      ],
      md5: "66987CB115214E59E6EC978214934FB8", hmac: "D56D7858309C31B6251083A874D48273",
      hmacSHA256: "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
    Vector(
      testDescription: "message with every member", parameters: send(openPara, message),
      md5: "BF151F7A8D7F34A575E4DC3ADCE6AE9D", hmac: "EDEEC8EDDC1B5B6A69B0C643692ADA09",
      hmacSHA256: "393943670E46A81E0420057961C1B665D947C47F53648018536CF5D98DE109B9"),
    Vector(
      testDescription: "nothing to say about the enterprise", parameters: send("{}", message),
      md5: "E7EB2F8A8E77126227039666CB8AE6BD", hmac: "02272E830E28B084AD7A6D381C7D71FD",
      hmacSHA256: "A83028AFE8252C92CEBF2BE5842B022D01488EAB9D64D1438189544D23108AB3"),
    Vector(
      testDescription: "content beyond ASCII",
      parameters: send(
        openPara,
        message.replacing(#""content":"hello""#, with: #""content":"你好 😀 a+b&c=d/e\"\n""#)),
      md5: "DDEA35F8BC1C1366831012B535E01FF8", hmac: "A1BB7A9D0976E520CE2B51833485E6FF",
      hmacSHA256: "E882CD6C718C7DCB20F27267AAA4A72A288309E147FB142346E3270DEA9A0BD9"),
  ]

  @Test(arguments: vectors)
  func signerAgrees(_ vector: Vector) {
    let methods = [("md5", vector.md5), ("hmac", vector.hmac), ("hmac-sha256", vector.hmacSHA256)]
    for (method, expected) in methods {
      let parameters = vector.parameters + [("sign_method", method)]
      #expect(signatureText(parameters, secret: "helloworld", method) == expected, "\(method)")
    }
  }

  @Test(arguments: ["md5", "hmac", "hmac-sha256"])
  func everyMethodIsVerified(_ method: String) throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest.valid()
      request["sign_method"] = method
      #expect(try client.post(request).isSuccess)
      request.secret = "another"
      #expect(try client.post(request).code == 25)
      var lowercase = TopRequest.valid()
      lowercase["sign_method"] = method
      let sign = signatureText(lowercase.parameters, secret: "helloworld", method)
      lowercase["sign"] = sign.lowercased()
      #expect(try client.post(lowercase).code == 25)
      #expect(try simulator.stat("signature_failures") == 2)
      #expect(try simulator.stat("taken") == 1)
    }
  }

  @Test(arguments: [nil, "sha1"])
  func methodsThatAreUnknownOrAbsentSignNothing(_ method: String?) throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      request["sign_method"] = method
      let answer = try simulator.post(request)
      #expect(answer.code == 25)
    }
  }
}
