import CZlib
import Foundation
import Testing

@testable import GatewaySimulator

/// How answers are brought, and what stands under another status.
@Suite struct AnswerMannerTests {
  private func inflated(_ packed: Data) throws -> Data {
    var stream = z_stream()
    // 31 window bits: the gzip form, and nothing else.
    guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ClientFailure(description: "zlib does not start")
    }
    defer { inflateEnd(&stream) }
    var input = Array(packed)
    var output = [UInt8](repeating: 0, count: 1 << 20)
    let code = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return inflate(&stream, Z_FINISH)
      }
    }
    guard code == Z_STREAM_END, stream.avail_in == 0 else {
      throw ClientFailure(description: "zlib: \(code)")
    }
    return Data(output.prefix(Int(stream.total_out)))
  }

  @Test func compressedAnswers() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"gzip","count":2}"#)
      try simulator.post(fault: #"{"kind":"answer","code":15,"sub_msg":"慢","sid":"b"}"#)
      let client = try RawClient(simulator)
      for sid in ["a", "b"] {
        let packed = try client.post(.valid(sid: sid))
        #expect(packed.head.contains("\r\nContent-Encoding: gzip\r\n"))
        let plain = RawAnswer(status: 200, head: "", body: try inflated(packed.body))
        #expect(packed.head.contains("\r\ntop-bodylength: \(plain.body.count)\r\n"))
        #expect(sid == "a" ? plain.isSuccess : plain.code == 15)
      }
      let plain = try client.post(.valid())
      #expect(plain.isSuccess)
      #expect(!plain.head.contains("Content-Encoding"))
    }
  }

  @Test(arguments: [false, true])
  func answersInChunks(_ isCompressed: Bool) throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"chunked","count":1}"#)
      if isCompressed { try simulator.post(fault: #"{"kind":"gzip","count":1}"#) }
      let client = try RawClient(simulator)
      try client.send(TopRequest.valid().text)
      var (answer, chunkCount) = try client.chunkedAnswer()
      #expect(answer.head.contains("\r\nTransfer-Encoding: chunked\r\n"))
      #expect(!answer.head.contains("Content-Length"))
      #expect(chunkCount > 1)
      if isCompressed { answer.body = try inflated(answer.body) }
      #expect(answer.isSuccess)
      // The connection goes on.
      let next = try client.post(.valid())
      #expect(next.isSuccess)
    }
  }

  @Test(arguments: [false, true])
  func answersThatDrip(_ isSecure: Bool) throws {
    try withSimulator(isSecure: isSecure) { simulator in
      try simulator.post(fault: #"{"kind":"drip","count":1}"#)
      let client = try RawClient(simulator)
      let began = ContinuousClock.now
      let answer = try client.post(.valid())
      let lasted = ContinuousClock.now - began
      #expect(answer.isSuccess)
      let bytes = answer.head.utf8.count + answer.body.count
      #expect(lasted >= .milliseconds(bytes - 1), "\(bytes) bytes in \(lasted)")
      let next = try client.post(.valid())
      #expect(next.isSuccess)
      #expect(try simulator.stat("connections") == 2)
    }
  }

  struct Form: CustomTestStringConvertible {
    var testDescription: String
    var fault: String
    var status: Int
    var fields: [String]
    var body: String
    var logged: [String: Int?]
  }

  @Test(arguments: [
    Form(
      testDescription: "envelope under 503", fault: #"{"kind":"answer","code":10,"http":503}"#, status: 503,
      fields: ["Content-Type: text/javascript;charset=UTF-8"], body: #"{"error_response":{"code":10"#,
      logged: ["http": 503, "code": 10]),
    Form(
      testDescription: "refusal under 400", fault: #"{"kind":"answer","result_code":"1","http":400}"#,
      status: 400, fields: [], body: #"{"alibaba_lyservice"#, logged: ["http": 400, "code": nil]),
    Form(
      testDescription: "too many", fault: #"{"kind":"html","http":429,"retry_after":7}"#, status: 429,
      fields: ["Retry-After: 7", "Content-Type: text/html"], body: "<html>",
      logged: ["http": 429, "code": nil]),
    Form(
      testDescription: "moved", fault: #"{"kind":"html","http":302}"#, status: 302,
      fields: ["Location: /elsewhere"], body: "<html>", logged: ["http": 302, "code": nil]),
    Form(
      testDescription: "anything", fault: #"{"kind":"text","body":"{\"a\":[1}","http":413}"#, status: 413,
      fields: ["Content-Length: 8"], body: #"{"a":[1}"#, logged: ["http": 413, "code": nil]),
    Form(
      testDescription: "nothing", fault: #"{"kind":"text"}"#, status: 200, fields: ["Content-Length: 0"],
      body: "", logged: ["http": 200, "code": nil]),
  ])
  func formsOnDemand(_ form: Form) throws {
    try withSimulator { simulator in
      try simulator.post(fault: form.fault)
      let answer = try simulator.post(.valid())
      #expect(answer.status == form.status)
      for field in form.fields { #expect(answer.head.contains("\r\n\(field)"), "\(answer.head)") }
      #expect(answer.text.hasPrefix(form.body), "\(answer.text)")
      let line = try #require(try simulator.logLines().first)
      let logged = try #require(line["answer"] as? [String: Any])
      for (name, number) in form.logged { #expect(logged[name] as? Int == number, "\(name)") }
      #expect(line["taken"] as? Bool == false)
    }
  }

  /// Latency and answer are of different sorts: both hit.
  @Test func severalSortsAtOnce() throws {
    try withSimulator { simulator in
      try simulator.post(fault: #"{"kind":"latency","ms":100,"count":1}"#)
      try simulator.post(fault: #"{"kind":"answer","code":700,"count":1}"#)
      let began = ContinuousClock.now
      let answer = try simulator.post(.valid())
      #expect(answer.code == 700)
      #expect(ContinuousClock.now - began >= .milliseconds(100))
      #expect(try simulator.stat("faults") == 0)
    }
  }
}
