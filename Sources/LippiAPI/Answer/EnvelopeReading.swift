import BridgeCore
import CSimdjson
import ChatEvents

/// Finds the envelope in the tokens of an answer: `error_response` first, then the API's root member, then the form
/// in which their members stand at the top.
///
/// A member with one of the gateway's two names is an envelope even if nothing in it can be read: the gateway may have
/// passed the message on, so the HTTP status must not decide. The form at the top has no such name, and a proxy's own
/// JSON looks just like it: it is taken for the gateway's with HTTP 200, or with a `request_id` or `sub_code`.
struct EnvelopeReading {
  private static let rootMember: StaticString = "alibaba_lyservice_lippi_message_send_response"

  let tokens: UnsafeBufferPointer<csimdjson_token>
  let httpStatus: Int

  func read(into answer: inout GatewayAnswer) -> AnswerFacts.Envelope {
    guard tokens[0].isObject else { return .none }
    if let error = member(of: 0, "error_response"), !tokens[error].isNull {
      guard tokens[error].isObject else { return .error(code: nil, subCode: nil) }
      return readError(error, into: &answer)
    }
    if let root = member(of: 0, Self.rootMember) {
      guard tokens[root].isObject else { return .result(success: nil, code: nil) }
      store(root, "request_id", &answer.requestID, &answer.text)
      guard let result = object(in: root, "result") else { return .result(success: nil, code: nil) }
      return readResult(result, into: &answer)
    }
    return readTop(into: &answer)
  }

  private func readTop(into answer: inout GatewayAnswer) -> AnswerFacts.Envelope {
    guard httpStatus == 200 || text(of: 0, "request_id") != nil || text(of: 0, "sub_code") != nil else {
      return .none
    }
    store(0, "request_id", &answer.requestID, &answer.text)
    if let result = object(in: 0, "result") { return readResult(result, into: &answer) }
    if member(of: 0, "success") != nil { return readResult(0, into: &answer) }
    if member(of: 0, "code") != nil, member(of: 0, "msg") != nil { return readError(0, into: &answer) }
    return .none
  }

  private func readError(_ object: Int, into answer: inout GatewayAnswer) -> AnswerFacts.Envelope {
    answer.code = integer(of: object, "code")
    store(object, "msg", &answer.message, &answer.text)
    store(object, "sub_code", &answer.subCode, &answer.text)
    store(object, "sub_msg", &answer.subMessage, &answer.text)
    store(object, "request_id", &answer.requestID, &answer.text)
    return .error(code: answer.code, subCode: text(of: object, "sub_code").flatMap { $0.isBlank ? nil : $0 })
  }

  private func readResult(_ object: Int, into answer: inout GatewayAnswer) -> AnswerFacts.Envelope {
    store(object, "code", &answer.resultCode, &answer.text)
    store(object, "msg", &answer.resultMessage, &answer.text)
    store(object, "data", &answer.data, &answer.text)
    return .result(success: truth(of: object, "success"), code: text(of: object, "code"))
  }

  /// The first integer in a text member of `error_response`.
  func firstInteger(of name: StaticString) -> Int64? {
    guard tokens[0].isObject, let text = text(of: object(in: 0, "error_response") ?? 0, name) else {
      return nil
    }
    guard let start = text.firstIndex(where: Self.isDigit) else { return nil }
    var number: Int64 = 0
    for digit in text[start...].prefix(while: Self.isDigit) {
      let (product, overflow) = number.multipliedReportingOverflow(by: 10)
      guard !overflow, product <= Int64.max - 9 else { return Int64.max }
      number = product + Int64(digit - 48)
    }
    return number
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  // MARK: Members

  private func member(of object: Int, _ name: StaticString) -> Int? {
    var position = object + 1
    while position < Int(tokens[object].end) {
      if tokens[position].keyBytes.equals(name) { return position }
      position = Int(tokens[position].end)
    }
    return nil
  }

  private func object(in parent: Int, _ name: StaticString) -> Int? {
    member(of: parent, name).flatMap { tokens[$0].isObject ? $0 : nil }
  }

  /// Strings and numbers.
  private func text(of object: Int, _ name: StaticString) -> UnsafeRawBufferPointer? {
    guard let member = member(of: object, name), !tokens[member].hasBadText,
      tokens[member].isString || tokens[member].isNumber
    else { return nil }
    return tokens[member].textBytes
  }

  private func integer(of object: Int, _ name: StaticString) -> Int64? {
    guard let text = text(of: object, name) else { return nil }
    guard text.count <= 18, text.count > 0, text.allSatisfy(Self.isDigit) else { return nil }
    return text.reduce(0) { $0 * 10 + Int64($1 - 48) }
  }

  private func truth(of object: Int, _ name: StaticString) -> Bool? {
    guard let member = member(of: object, name) else { return nil }
    let token = tokens[member]
    if token.isTrue || (token.isString && token.textBytes.equals("true")) { return true }
    if token.kind == UInt8(CSIMDJSON_FALSE.rawValue) || (token.isString && token.textBytes.equals("false")) {
      return false
    }
    return nil
  }

  private func store(
    _ object: Int, _ name: StaticString, _ range: inout TextRange, _ buffer: inout ByteBuffer
  ) {
    guard let text = text(of: object, name) else { return }
    range = buffer.store(UnsafeRawBufferPointer(rebasing: text.prefix(GatewayAnswer.textLimit)))
  }
}

extension UnsafeRawBufferPointer {
  /// Nothing but ASCII white space.
  fileprivate var isBlank: Bool { allSatisfy { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) } }
}
