/// Writes the bodies of the gateway's answers.
struct AnswerBodyWriter: ~Copyable {
  private static let root: StaticString = "alibaba_lyservice_lippi_message_send_response"
  private static let successCode: StaticString = "0"
  private static let successMessage: StaticString = "SUCCESS"
  private static let requestIDCount = 12
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed ^ 0x5DEE_CE66) }

  mutating func write(
    _ answer: PlannedAnswer, _ format: AnswerFormat, isSimplified: Bool, into body: inout Octets
  ) -> AnswerLabel {
    switch answer.content {
    case .text(let text):
      body.append(text)
      return .gatewayJSON
    case .page:
      body.append("<html>\r\n<head><title>")
      body.append(decimal: Int64(answer.status))
      body.append("</title></head>\r\n<body><center><h1>")
      body.append(decimal: Int64(answer.status))
      body.append("</h1></center><hr><center>Tengine</center></body>\r\n</html>\r\n")
      return .html
    case .delivered:
      writeResult(
        Self.successCode.bytes, Self.successMessage.bytes, isSuccess: true, format, isSimplified, &body)
    case .backendRefused(let code, let message):
      code.withUnsafeBufferPointer { code in
        message.withUnsafeBufferPointer { message in
          writeResult(code, message, isSuccess: false, format, isSimplified, &body)
        }
      }
    case .refused(let refusal):
      let subCode = refusal.subCode?.bytes ?? Bytes(start: nil, count: 0)
      writeError(refusal.code, refusal.argument, subCode, Bytes(start: nil, count: 0), format, &body)
    case .error(let code, let subCode, let subMessage):
      subCode.withUnsafeBufferPointer { subCode in
        subMessage.withUnsafeBufferPointer { subMessage in
          writeError(code, nil, subCode, subMessage, format, &body)
        }
      }
    }
    return format == .json ? .gatewayJSON : .gatewayXML
  }

  private mutating func writeResult(
    _ code: Bytes, _ message: Bytes, isSuccess: Bool, _ format: AnswerFormat, _ isSimplified: Bool,
    _ body: inout Octets
  ) {
    switch format {
    case .json:
      if !isSimplified {
        body.append("{\"")
        body.append(Self.root)
        body.append("\":")
      }
      body.append("{\"result\":{\"msg\":")
      body.append(jsonString: message)
      body.append(",\"code\":")
      body.append(jsonString: code)
      body.append(",\"data\":\"")
      body.append(decimal: Int64(generator.next() >> 38))
      body.append(isSuccess ? "\",\"success\":true}," : "\",\"success\":false},")
      writeRequestID(format, &body)
      body.append(isSimplified ? "}" : "}}")
    case .xml:
      body.append("<")
      body.append(Self.root)
      body.append("><result><msg>")
      body.append(xmlText: message)
      body.append("</msg><code>")
      body.append(xmlText: code)
      body.append("</code><data>")
      body.append(decimal: Int64(generator.next() >> 38))
      body.append("</data><success>")
      body.append(isSuccess ? "true" : "false")
      body.append("</success></result>")
      writeRequestID(format, &body)
      body.append("</")
      body.append(Self.root)
      body.append(">")
    }
  }

  private mutating func writeError(
    _ code: Int, _ argument: BusinessName?, _ subCode: Bytes, _ subMessage: Bytes, _ format: AnswerFormat,
    _ body: inout Octets
  ) {
    let isJSON = format == .json
    body.append(isJSON ? "{\"error_response\":{\"code\":" : "<error_response><code>")
    body.append(decimal: Int64(code))
    body.append(isJSON ? ",\"msg\":\"" : "</code><msg>")
    body.append(CodeText.text(code))
    if let argument {
      body.append(":")
      if let owner = argument.owner {
        body.append(owner.text)
        body.append(".")
      }
      body.append(argument.text)
    }
    body.append(isJSON ? "\"," : "</msg>")
    writeOptional("sub_code", subCode, isJSON, &body)
    writeOptional("sub_msg", subMessage, isJSON, &body)
    writeRequestID(format, &body)
    body.append(isJSON ? "}}" : "</error_response>")
  }

  private func writeOptional(_ name: StaticString, _ text: Bytes, _ isJSON: Bool, _ body: inout Octets) {
    if text.isEmpty { return }
    body.append(isJSON ? "\"" : "<")
    body.append(name)
    body.append(isJSON ? "\":" : ">")
    if isJSON { body.append(jsonString: text) } else { body.append(xmlText: text) }
    body.append(isJSON ? "," : "</")
    if isJSON { return }
    body.append(name)
    body.append(">")
  }

  private mutating func writeRequestID(_ format: AnswerFormat, _ body: inout Octets) {
    body.append(format == .json ? "\"request_id\":\"" : "<request_id>")
    var number = generator.next()
    for _ in 0..<Self.requestIDCount {
      body.append(Hexadecimal.lower(UInt8(truncatingIfNeeded: number % 36)))
      number /= 36
    }
    body.append(format == .json ? "\"" : "</request_id>")
  }
}
