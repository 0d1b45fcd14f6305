import Foundation
import Testing

@testable import GatewaySimulator

/// What answers look like on the wire.
@Suite struct AnswerFormTests {
  @Test func successInJSON() throws {
    try withSimulator { simulator in
      let answer = try simulator.post(.valid())
      let root = try #require(answer.json["alibaba_lyservice_lippi_message_send_response"] as? [String: Any])
      let result = try #require(root["result"] as? [String: Any])
      #expect(result["success"] as? Bool == true)
      for name in ["msg", "code", "data"] { #expect(result[name] is String, "\(name)") }
      let requestID = try #require(root["request_id"] as? String)
      #expect(requestID.wholeMatch(of: /[0-9a-z]{11,13}/) != nil)
      #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\nServer: Tengine\r\nDate: "))
      for field in [
        "Content-Type: text/javascript;charset=UTF-8", "Vary: Accept-Encoding", "Application-Host: ",
        "Location-Host: ", "top-bodylength: \(answer.body.count)", "Connection: keep-alive",
      ] { #expect(answer.head.contains("\r\n\(field)"), "\(field)") }
      let day = /Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/
      #expect(answer.head.firstMatch(of: day) != nil)
    }
  }

  @Test(arguments: [nil, "xml"])
  func successInXML(_ format: String?) throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      request["format"] = format
      let answer = try simulator.post(request)
      #expect(answer.head.contains("\r\nContent-Type: text/xml;charset=UTF-8\r\n"))
      let shape = try Regex(
        "<alibaba_lyservice_lippi_message_send_response><result><msg>SUCCESS</msg><code>0</code>"
          + "<data>[0-9]+</data><success>true</success></result><request_id>[0-9a-z]{12}</request_id>"
          + "</alibaba_lyservice_lippi_message_send_response>")
      #expect(try shape.wholeMatch(in: answer.text) != nil, "\(answer.text)")
    }
  }

  @Test func errorsInXML() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      try simulator.post(
        fault: #"{"kind":"answer","code":50,"sub_code":"isv.a<b","sub_msg":"非法&参数","count":1}"#)
      try simulator.post(fault: #"{"kind":"answer","result_code":"400001","count":1}"#)
      var request = TopRequest.valid()
      request["format"] = "xml"
      #expect(
        try client.post(request).text.hasPrefix(
          "<error_response><code>50</code><msg>Remote service error</msg><sub_code>isv.a&lt;b</sub_code>"
            + "<sub_msg>非法&amp;参数</sub_msg><request_id>"))
      let refused = try client.post(request).text
      #expect(refused.contains("<result><msg>SYSTEM_ERROR</msg><code>400001</code><data>"))
      #expect(refused.contains("</data><success>false</success></result>"))
    }
  }

  @Test func simplifiedAnswersHaveNoRoot() throws {
    try withSimulator { simulator in
      var request = TopRequest.valid()
      request["simplify"] = "true"
      let answer = try simulator.post(request)
      #expect((answer.json["result"] as? [String: Any])?["success"] as? Bool == true)
      #expect(answer.json["request_id"] is String)
    }
  }

  @Test func connectionsCloseWhenAsked() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      var request = TopRequest.valid()
      #expect(try client.post(request).isSuccess)
      request.closes = true
      let answer = try client.post(request)
      #expect(answer.isSuccess)
      #expect(answer.head.contains("\r\nConnection: close\r\n"))
      #expect(client.readToEnd() == .closed)
    }
  }

  @Test func requestsInPieces() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      let request = Data(TopRequest.valid(content: "你好 😀").text.utf8)
      for byte in request { try client.send(Data([byte])) }
      #expect(try client.answer().isSuccess)
      // Two in one piece: the second waits for the answer to the first.
      try client.send(request + request)
      #expect(try client.answer().isSuccess)
      #expect(try client.answer().isSuccess)
    }
  }

  @Test func bodiesThatWaitForLeave() throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      let text = TopRequest.valid().text
      let parts = text.components(separatedBy: "\r\n\r\n")
      try client.send(parts[0] + "\r\nExpect: 100-continue\r\n\r\n")
      try client.send(parts[1])
      #expect(try client.answer().isSuccess)
    }
  }

  struct Oddity: CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var status: Int
  }

  static let oddities = [
    Oddity(testDescription: "no HTTP", text: "no request at all\r\n\r\n", status: 400),
    Oddity(testDescription: "another version", text: "POST /router/rest HTTP/2.0\r\n\r\n", status: 400),
    Oddity(
      testDescription: "length below 0", text: "POST /router/rest HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      status: 400),
    Oddity(
      testDescription: "large body", text: "POST /router/rest HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
      status: 413),
    Oddity(
      testDescription: "chunks", text: "POST /router/rest HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
      status: 411),
    Oddity(
      testDescription: "large head", text: "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 17_000),
      status: 431),
    Oddity(testDescription: "no such page", text: "GET /elsewhere HTTP/1.1\r\n\r\n", status: 404),
    Oddity(testDescription: "no such method", text: "PUT /_fault HTTP/1.1\r\n\r\n", status: 405),
  ]

  @Test(arguments: oddities)
  func requestsThatAreNone(_ oddity: Oddity) throws {
    try withSimulator { simulator in
      let client = try RawClient(simulator)
      try client.send(oddity.text)
      #expect(try client.answer().status == oddity.status)
      #expect(try simulator.post(.valid()).isSuccess)
    }
  }
}
