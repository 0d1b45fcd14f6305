import Foundation
import Testing

@testable import GatewaySimulator

/// What faults do to requests, and what the log says about it.
@Suite struct FaultTests {
  struct Row: CustomTestStringConvertible {
    var testDescription: String
    var fault: String
    var end: ReadingEnd
    /// Some of the answer comes.
    var bytesCome: Bool
    var complete: Bool
    var taken: Bool
  }

  static let rows = [
    Row(
      testDescription: "close, before", fault: #"{"kind":"close","when":"before_read","delivered":true}"#,
      end: .closed, bytesCome: false, complete: false, taken: false),
    Row(
      testDescription: "close, after", fault: #"{"kind":"close","when":"after_read","delivered":false}"#,
      end: .closed, bytesCome: false, complete: true, taken: false),
    Row(
      testDescription: "close, after, delivered", fault: #"{"kind":"close","when":"after_read"}"#,
      end: .closed, bytesCome: false, complete: true, taken: true),
    Row(
      testDescription: "close, in the answer", fault: #"{"kind":"close","when":"mid_answer"}"#,
      end: .closed, bytesCome: true, complete: true, taken: true),
    Row(
      testDescription: "reset, before", fault: #"{"kind":"reset","when":"before_read"}"#,
      end: .reset, bytesCome: false, complete: false, taken: false),
    Row(
      testDescription: "reset, after", fault: #"{"kind":"reset","when":"after_read"}"#,
      end: .reset, bytesCome: false, complete: true, taken: true),
    Row(
      testDescription: "reset, in the answer",
      fault: #"{"kind":"reset","when":"mid_answer","delivered":false}"#,
      end: .reset, bytesCome: true, complete: true, taken: false),
    Row(
      testDescription: "stall, before", fault: #"{"kind":"stall","when":"before_read"}"#,
      end: .timedOut, bytesCome: false, complete: false, taken: false),
    Row(
      testDescription: "stall, after", fault: #"{"kind":"stall","when":"after_read"}"#,
      end: .timedOut, bytesCome: false, complete: true, taken: true),
    Row(
      testDescription: "stall, in the answer", fault: #"{"kind":"stall","when":"mid_answer"}"#,
      end: .timedOut, bytesCome: true, complete: true, taken: true),
  ]

  @Test(arguments: rows)
  func connectionsThatEnd(_ row: Row) throws {
    try withSimulator { simulator in
      #expect(try simulator.post(fault: row.fault.replacing("}", with: ",\"count\":1}")).status == 200)
      let client = try RawClient(simulator)
      try client.send(TopRequest.valid().text)
      if row.end == .timedOut { client.setTimeout(milliseconds: 100) }
      #expect(client.readToEnd() == row.end)
      // A reset throws away what the client has not read yet.
      if row.end != .reset { #expect(client.received.isEmpty == !row.bytesCome) }
      if row.bytesCome && row.end != .reset {
        let text = String(decoding: client.received, as: UTF8.self)
        #expect(text.contains("\r\n\r\n{"), "the cut is in the body")
        #expect(!text.hasSuffix("}}"))
      }
      client.close()
      try simulator.awaitStat(row.complete ? "unanswered" : "torn", 1)
      let line = try #require(try simulator.logLines().first)
      #expect(line["complete"] as? Bool == row.complete)
      #expect(line["taken"] as? Bool == row.taken)
      #expect(line["answer"] is NSNull)
      #expect(line["message_id"] as? String == (row.complete ? "m-1" : nil))
      #expect(try simulator.stat("in_flight") == 0)
      // Its count is used up.
      #expect(try simulator.stat("faults") == 0)
      #expect(try simulator.post(.valid()).isSuccess)
    }
  }

  @Test(arguments: [
    (
      #"{"kind":"answer","code":15,"sub_code":"isp.remote-service-error","sub_msg":"slow"}"#, 15,
      "Remote service error", "isp.remote-service-error", "slow", false
    ),
    (
      #"{"kind":"answer","code":11,"sub_code":"isv.permission-api-package-limit","delivered":false}"#, 11,
      "Insufficient isv permissions", "isv.permission-api-package-limit", nil, false
    ),
    (#"{"kind":"answer","code":670,"delivered":true}"#, 670, "Remote service error", nil, nil, true),
    (#"{"kind":"answer","code":1,"when":null,"ms":null}"#, 1, "Platform System error", nil, nil, false),
  ])
  func answersOfTheGateway(
    _ fault: String, _ code: Int, _ text: String, _ subCode: String?, _ subMessage: String?, _ taken: Bool
  ) throws {
    try withSimulator { simulator in
      try simulator.post(fault: fault)
      let answer = try simulator.post(.valid())
      #expect(answer.code == code)
      #expect(answer.error["msg"] as? String == text)
      #expect(answer.error["sub_code"] as? String == subCode)
      #expect(answer.error["sub_msg"] as? String == subMessage)
      let line = try #require(try simulator.logLines().first)
      let logged = try #require(line["answer"] as? [String: Any])
      #expect(logged["http"] as? Int == 200)
      #expect(logged["code"] as? Int == code)
      #expect(logged["sub_code"] as? String == subCode)
      #expect(line["taken"] as? Bool == taken)
      #expect(try simulator.answers()["\(code)"] == 1)
    }
  }

  @Test func answersOfTheBackend() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"answer","result_code":"400001","sub_msg":"full"}"#)
      let answer = try simulator.post(.valid())
      let root = answer.json["alibaba_lyservice_lippi_message_send_response"] as? [String: Any]
      let result = try #require(root?["result"] as? [String: Any])
      #expect(result["success"] as? Bool == false)
      #expect(result["code"] as? String == "400001")
      #expect(result["msg"] as? String == "full")
      let line = try #require(try simulator.logLines().first)
      let logged = try #require(line["answer"] as? [String: Any])
      #expect(Set(logged.keys) == ["http", "code", "sub_code", "result_code"])
      #expect(logged["code"] is NSNull)
      #expect(logged["result_code"] as? String == "400001")
      #expect(line["taken"] as? Bool == false)
      #expect(try simulator.answers()["result_refused"] == 1)
    }
  }

  @Test(arguments: [(#"{"kind":"html"}"#, 502), (#"{"kind":"html","code":200,"delivered":true}"#, 200)])
  func pagesOfAProxy(_ fault: String, _ status: Int) throws {
    try withSimulator { simulator in
      try simulator.post(fault: fault)
      let answer = try simulator.post(.valid())
      #expect(answer.status == status)
      #expect(answer.text.hasPrefix("<html>"))
      #expect(answer.head.contains("\r\nContent-Type: text/html"))
      let line = try #require(try simulator.logLines().first)
      #expect((line["answer"] as? [String: Any])?["http"] as? Int == status)
      #expect(line["taken"] as? Bool == (status == 200))
    }
  }

  @Test func bansStandForTheirTime() throws {
    try withSimulator { simulator in
      #expect(try simulator.post(.valid()).isSuccess)
      try simulator.post(fault: #"{"kind":"ban","seconds":2}"#)
      let began = ContinuousClock.now
      let first = try simulator.post(.valid())
      #expect(first.code == 7)
      #expect(first.error["msg"] as? String == "App Call Limited")
      #expect(first.error["sub_code"] as? String == "accesscontrol.limited-by-app-access-count")
      #expect(first.error["sub_msg"] as? String == "This ban will last for 2 more seconds")
      let client = try RawClient(simulator)
      var remaining: Set<String> = []
      while true {
        let answer = try client.post(.valid())
        if answer.isSuccess { break }
        #expect(answer.code == 7)
        remaining.insert(answer.error["sub_msg"] as? String ?? "")
        guard ContinuousClock.now - began < .seconds(20) else { break }
      }
      let lasted = ContinuousClock.now - began
      #expect(lasted >= .seconds(2) && lasted < .seconds(20), "\(lasted)")
      #expect(remaining.contains("This ban will last for 1 more seconds"))
      #expect(try simulator.stat("taken") == 2)
    }
  }

  @Test func bansAreLifted() throws {
    try withSimulator { simulator in
      try simulator.post(
        fault:
          #"{"kind":"ban","seconds":3600,"sub_code":"accesscontrol.limited-by-api-access-count","sub_msg":""}"#
      )
      let banned = try simulator.post(.valid())
      #expect(banned.error["sub_code"] as? String == "accesscontrol.limited-by-api-access-count")
      #expect(banned.error["sub_msg"] == nil)
      try simulator.liftFaults()
      #expect(try simulator.post(.valid()).isSuccess)
    }
  }

  @Test func severalAtOnceAndTheFirstWins() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"answer","code":10,"sid":"a","count":2}"#)
      try simulator.post(fault: #"{"kind":"answer","code":540,"message_id":"m-2"}"#)
      try simulator.post(fault: #"{"kind":"answer","code":700,"sid":"a"}"#)
      #expect(try simulator.stat("faults") == 3)
      let client = try RawClient(simulator)
      func code(_ sid: String, _ messageID: String) throws -> Int? {
        try client.post(.valid(sid: sid, messageID: messageID)).code
      }
      #expect(try code("b", "m-1") == nil)
      #expect(try code("a", "m-2") == 10)
      #expect(try code("a", "m-1") == 10)
      #expect(try code("a", "m-2") == 540)
      #expect(try code("b", "m-2") == 540)
      #expect(try code("a", "m-3") == 700)
      try simulator.liftFaults()
      #expect(try code("a", "m-2") == nil)
    }
  }

  @Test func mistakesOfTheClientAreNotCoveredUp() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"answer","code":10,"count":1}"#)
      var request = TopRequest.valid()
      request.secret = "another"
      #expect(try simulator.post(request).code == 25)
      #expect(try simulator.post(.valid()).code == 10)
    }
  }

  @Test func aRateHitsTheSameRequestsForTheSameSeed() throws {
    func codes(seed: UInt64) throws -> [Int?] {
      var codes: [Int?] = []
      try withSimulator(SimulatorOptions(seed: seed)) { simulator in
        try simulator.post(fault: #"{"kind":"answer","code":10,"rate":0.3}"#)
        let client = try RawClient(simulator)
        for _ in 0..<400 { codes.append(try client.post(.valid()).code) }
      }
      return codes
    }
    let first = try codes(seed: 7)
    let hits = first.count { $0 == 10 }
    #expect(hits > 80 && hits < 160, "seed 7: \(hits)")
    #expect(try codes(seed: 7) == first)
    #expect(try codes(seed: 8) != first)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"kind":"unknown"}"#, #"{"kind":"ban"}"#, #"{"kind":"latency"}"#,
    #"{"kind":"close","when":"never"}"#, #"{"kind":"close","count":0}"#, #"{"kind":"close","count":1.5}"#,
    #"{"kind":"close","rate":1.1}"#, #"{"kind":"close","rate":"1"}"#, #"{"kind":"close","sids":"a"}"#,
    #"{"kind":"close","when":"before_read","sid":"a"}"#, #"{"kind":"answer","code":1e30}"#,
    #"{"kind":"close","delivered":"yes"}"#, #"{"kind":"close","sid":["a"]}"#, #"{"kind":"idle_close"}"#,
    #"{"kind":"idle_close","ms":1,"sid":"a"}"#, #"{"kind":"html","http":199}"#,
    #"{"kind":"html","http":204}"#,
    #"{"kind":"drip","ms":0}"#, #"{"kind":"text","body":1}"#, #"{"kind":"html","retry_after":-1}"#,
  ])
  func faultsThatAreNone(_ fault: String) throws {
    try withSimulator { simulator in
      let answer = try simulator.post(fault: fault)
      #expect(answer.status == 400)
      #expect(answer.json["error"] is String, "\(answer.text)")
      #expect(try simulator.stat("faults") == 0)
    }
  }
}
