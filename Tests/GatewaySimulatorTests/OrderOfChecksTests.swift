import Testing

@testable import GatewaySimulator

/// Every mistake at once, then one less in each step: the code that comes is always that of the first one left.
@Suite struct OrderOfChecksTests {
  private func expect(
    _ answer: RawAnswer, _ code: Int, _ text: String, subCode: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(answer.status == 200, sourceLocation: sourceLocation)
    #expect(answer.code == code, "\(answer.text)", sourceLocation: sourceLocation)
    #expect(answer.error["msg"] as? String == text, sourceLocation: sourceLocation)
    #expect(answer.error["sub_code"] as? String == subCode, sourceLocation: sourceLocation)
  }

  @Test func whatIsMissing() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest()
      request.isSigned = false
      request["format"] = "json"
      // Blank is as good as missing.
      request["method"] = " "
      expect(try client.post(request), 21, "Missing method")
      request["method"] = "wrong"
      expect(try client.post(request), 28, "Missing app key")
      request["app_key"] = "wrong"
      expect(try client.post(request), 30, "Missing timestamp")
      request["timestamp"] = "wrong"
      expect(try client.post(request), 32, "Missing version")
      request["v"] = "wrong"
      expect(try client.post(request), 24, "Missing signature")
      request["sign"] = "wrong"
      expect(try client.post(request), 22, "Invalid method")
    }
  }

  @Test func whatIsInvalid() throws {
    try withSimulator(SimulatorOptions(session: "token")) { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest()
      request.verb = "GET"
      for name in ["method", "app_key", "timestamp", "v", "sign", "sign_method"] { request[name] = "wrong" }
      request["format"] = "json"
      expect(try client.post(request), 22, "Invalid method")
      request["method"] = "alibaba.lyservice.lippi.message.send"
      expect(try client.post(request), 9, "Http action not allowed")
      request.verb = "POST"
      expect(try client.post(request), 29, "Invalid app Key", subCode: "isv.appkey-not-exists")
      request["app_key"] = "12345678"
      expect(try client.post(request), 33, "Invalid version")
      request["v"] = "3.0"
      expect(try client.post(request), 34, "Unsupported version")
      request["v"] = "2.0"
      request["format"] = "yaml"
      let inXML = try client.post(request)
      #expect(inXML.text.hasPrefix("<error_response><code>23</code><msg>Invalid format</msg>"))
      request["format"] = "json"
      expect(try client.post(request), 31, "Invalid timestamp")
      request["timestamp"] = TopRequest.timestamp(offsetSeconds: -660)
      expect(try client.post(request), 25, "Invalid signature")
      request["sign"] = nil
      request["sign_method"] = "hmac-sha256"
      expect(try client.post(request), 31, "Invalid timestamp", subCode: "isv.timestamp-limit-error")
      request["timestamp"] = TopRequest.timestamp()
      try ban(simulator)
      expect(
        try client.post(request), 7, "App Call Limited", subCode: "accesscontrol.limited-by-app-access-count")
      try simulator.liftFaults()
      expect(try client.post(request), 26, "Missing session")
      request["session"] = "wrong"
      expect(try client.post(request), 27, "Invalid session")
      request["session"] = "token"
      expect(try client.post(request), 40, "Missing required arguments:ly_ding_open_para_dto")
      request["ly_ding_open_para_dto"] = "[]"
      expect(try client.post(request), 40, "Missing required arguments:ly_open_message_dto")
      request["ly_open_message_dto"] = "no JSON"
      expect(try client.post(request), 41, "Invalid arguments:ly_ding_open_para_dto")
      request["ly_ding_open_para_dto"] = "{}"
      expect(try client.post(request), 41, "Invalid arguments:ly_open_message_dto")
      request["ly_open_message_dto"] = TopRequest.message()
      #expect(try client.post(request).isSuccess)
      #expect(try simulator.stat("taken") == 2)
    }
  }

  /// Between the key of the app and the version; the address comes before the right.
  @Test(arguments: [
    (["192.0.2.1"], false, "isv.permission-ip-whitelist-limit"),
    (["192.0.2.1", "127.0.0.1"], false, "isv.permission-api-package-limit"),
    (nil, false, "isv.permission-api-package-limit"),
  ])
  func whoMayCall(_ clients: [String]?, _ permits: Bool, _ subCode: String) throws {
    try withSimulator(SimulatorOptions(allowedClients: clients, permitsMethod: permits)) { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest.valid()
      request["v"] = "wrong"
      expect(try client.post(request), 11, "Insufficient isv permissions", subCode: subCode)
      request["app_key"] = "wrong"
      expect(try client.post(request), 29, "Invalid app Key", subCode: "isv.appkey-not-exists")
    }
    try withSimulator(SimulatorOptions(allowedClients: ["127.0.0.1"])) { simulator in
      let answer = try simulator.post(.valid())
      #expect(answer.isSuccess)
    }
  }

  private func ban(_ simulator: GatewaySimulator) throws {
    try simulator.post(fault: #"{"kind":"ban","seconds":3600,"delivered":true}"#)
    var trigger = TopRequest.valid()
    trigger["session"] = "token"
    #expect(try simulator.post(trigger).code == 7)
  }

  @Test(arguments: [-590, 590])
  func clocksMayDifferByTenMinutes(_ offsetSeconds: Int) throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      request["timestamp"] = TopRequest.timestamp(offsetSeconds: offsetSeconds)
      let near = try simulator.post(request)
      #expect(near.isSuccess)
      let farther = offsetSeconds + (offsetSeconds < 0 ? -20 : 20)
      request["timestamp"] = TopRequest.timestamp(offsetSeconds: farther)
      let far = try simulator.post(request)
      #expect(far.code == 31)
    }
  }

  @Test(arguments: [
    "2026-02-30 10:00:00", "2026-13-01 10:00:00", "2026-01-01 24:00:00", "2026-01-01T10:00:00",
    "2026-1-1 10:00:00", "2026-01-01 10:00", "20260101100000", "2026-01-01 10:00:0x",
  ])
  func timestampsOfAnotherForm(_ text: String) throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      request["timestamp"] = text
      let answer = try simulator.post(request)
      expect(answer, 31, "Invalid timestamp")
    }
  }

  @Test(arguments: ["message_id", "content", "sid", "session_source", "content_type", "bu_id"])
  func requiredMembers(_ name: String) throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest.valid()
      let whole = TopRequest.message()
      request["ly_open_message_dto"] = whole.replacing("\"\(name)\":", with: "\"another\":")
      let text = "Missing required arguments:ly_open_message_dto.\(name)"
      expect(try client.post(request), 40, text)
      request["ly_open_message_dto"] =
        "{\"\(name)\":null,"
        + whole.dropFirst().replacing(
          "\"\(name)\":", with: "\"another\":")
      expect(try client.post(request), 40, text)
    }
  }

  @Test(arguments: [
    ("\"content_type\":1", "\"content_type\":0", "ly_open_message_dto.content_type"),
    ("\"content_type\":1", "\"content_type\":11", "ly_open_message_dto.content_type"),
    ("\"content_type\":1", "\"content_type\":\"1\"", "ly_open_message_dto.content_type"),
    ("\"content_type\":1", "\"content_type\":1.5", "ly_open_message_dto.content_type"),
    ("\"bu_id\":\"100\"", "\"bu_id\":100", "ly_open_message_dto.bu_id"),
    ("\"bu_id\":\"100\"", "\"bu_id\":\"100\",\"bu_id\":\"101\"", "ly_open_message_dto.bu_id"),
    ("\"content\":\"hello\"", "\"content\":\"\\ud83d\"", "ly_open_message_dto.content"),
    ("\"sid\"", "\"message_create_at\":\"now\",\"sid\"", "ly_open_message_dto.message_create_at"),
    ("\"sid\":", "\"sid\"", "ly_open_message_dto"),
  ])
  func membersThatAreInvalid(_ old: String, _ new: String, _ name: String) throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      let changed = TopRequest.message().replacing(old, with: new)
      #expect(changed != TopRequest.message())
      request["ly_open_message_dto"] = changed
      expect(try simulator.post(request), 41, "Invalid arguments:\(name)")
    }
  }

  @Test func everyContentTypeIsTaken() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      for type in 1...10 {
        var request = TopRequest.valid()
        request["ly_open_message_dto"] = TopRequest.message().replacing(
          "\"content_type\":1", with: "\"content_type\":\(type)")
        #expect(try client.post(request).isSuccess, "\(type)")
      }
      #expect(try simulator.stat("taken") == 10)
    }
  }

  @Test func whatIsSentTwiceIsInvalid() throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      request.repeatParameter("ly_open_message_dto", TopRequest.message())
      expect(try simulator.post(request), 41, "Invalid arguments:ly_open_message_dto")
    }
  }

  @Test(arguments: ["%", "%4", "%zz", "%ff%fe", "%ed%a0%80"])
  func textThatCannotBeDecoded(_ value: String) throws {
    try withSimulator { simulator in
      let body = TopRequest.valid().form + "&partner_id=" + value
      let answer = try RawClient(simulator).exchange(
        "POST", "/router/rest", body: body, type: "application/x-www-form-urlencoded")
      expect(answer, 47, "Invalid encoding")
    }
  }

  @Test func parametersOfTheQueryCountToo() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      let request = TopRequest.valid()
      let answer = try client.exchange(
        "POST", "/router/rest?\(request.form)", type: "application/x-www-form-urlencoded")
      #expect(answer.isSuccess)
      let unread = try client.exchange(
        "POST", "/router/rest?format=json", body: request.form, type: "text/plain")
      expect(unread, 21, "Missing method")
    }
  }
}
