enum AnswerFormat { case json, xml }

/// What one request is found to be. The views are valid until the next examination.
struct Examination {
  /// Found before flow control is asked.
  var earlyRefusal: Refusal?
  /// Found by the checks behind flow control.
  var lateRefusal: Refusal?
  /// Whatever else is wrong with the request.
  var signatureIsRight = false
  var format = AnswerFormat.xml
  var isSimplified = false
  var sid: Bytes?
  var messageID: Bytes?
  var content: Bytes?
}

/// The gateway's checks in the gateway's order.
struct RequestExaminer: ~Copyable {
  static let method: StaticString = "alibaba.lyservice.lippi.message.send"

  private let appKey: [UInt8]
  private let session: [UInt8]?
  private let permitsMethod: Bool
  private var parameters = Parameters()
  private(set) var signer: Signer
  private let reader = JSONReader()

  init(_ options: SimulatorOptions) {
    appKey = Array(options.appKey.utf8)
    session = options.session.map { Array($0.utf8) }
    permitsMethod = options.permitsMethod
    signer = Signer(secret: options.secret)
  }

  /// `form` is empty when the body is none; `isAllowed`: the client's address may use the application; `second` is now, since 1970.
  mutating func examine(
    verb: RequestVerb, query: Bytes, form: Bytes, isAllowed: Bool, second: Int64
  ) -> Examination {
    parameters.removeAll()
    parameters.read(query)
    parameters.read(form)
    var result = Examination()
    let format = parameters.value(of: "format")
    if let format, format.equals("json") { result.format = .json }
    result.isSimplified = parameters.value(of: "simplify")?.equals("true") ?? false
    result.signatureIsRight = signatureIsRight()
    let findings = reader.readBusinessParameters(
      openPara: parameters.value(of: "ly_ding_open_para_dto"),
      message: parameters.value(of: "ly_open_message_dto"))
    result.sid = findings.sid
    result.messageID = findings.messageID
    result.content = findings.content
    result.earlyRefusal = missing() ?? invalid(verb, format, isAllowed)
    if result.earlyRefusal == nil {
      if !result.signatureIsRight {
        result.earlyRefusal = .signatureInvalid
      } else if isOutsideWindow(second) {
        result.earlyRefusal = .timestampOutsideWindow
      }
    }
    result.lateRefusal = sessionRefusal() ?? repeated() ?? findings.refusal
    return result
  }

  private mutating func signatureIsRight() -> Bool {
    guard let sign = parameters.value(of: "sign"), let name = parameters.value(of: "sign_method"),
      let method = SignMethod(name)
    else { return false }
    return signer.isRight(sign, method, parameters)
  }

  private func missing() -> Refusal? {
    if !parameters.isReadable { return .encodingInvalid }
    if parameters.value(of: "method") == nil { return .methodMissing }
    if parameters.value(of: "app_key") == nil { return .appKeyMissing }
    if parameters.value(of: "timestamp") == nil { return .timestampMissing }
    if parameters.value(of: "v") == nil { return .versionMissing }
    if parameters.value(of: "sign") == nil { return .signatureMissing }
    return nil
  }

  private func invalid(_ verb: RequestVerb, _ format: Bytes?, _ isAllowed: Bool) -> Refusal? {
    if let method = parameters.value(of: "method"), !method.equals(Self.method) { return .methodInvalid }
    if verb != .post { return .verbNotAllowed }
    if let key = parameters.value(of: "app_key"), !key.equals(appKey) { return .appKeyInvalid }
    if !isAllowed { return .addressNotAllowed }
    if !permitsMethod { return .methodNotPermitted }
    if let version = parameters.value(of: "v"), !version.equals("2.0") {
      let isNumber = version.allSatisfy { ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: ".") }
      return isNumber ? .versionUnsupported : .versionInvalid
    }
    if let format, !format.equals("json"), !format.equals("xml") { return .formatInvalid }
    if let timestamp = parameters.value(of: "timestamp"), GatewayTimestamp.second(timestamp) == nil {
      return .timestampInvalid
    }
    return nil
  }

  private func isOutsideWindow(_ second: Int64) -> Bool {
    guard let timestamp = parameters.value(of: "timestamp").flatMap(GatewayTimestamp.second) else {
      return true
    }
    return abs(timestamp - second) > GatewayTimestamp.windowSeconds
  }

  private func sessionRefusal() -> Refusal? {
    guard let session else { return nil }
    guard let token = parameters.value(of: "session") else { return .sessionMissing }
    return token.equals(session) ? nil : .sessionInvalid
  }

  /// A business parameter that stands twice has no value that could be meant.
  private func repeated() -> Refusal? {
    for name in [BusinessName.openPara, .message] where parameters.isRepeated(name.text) {
      return .argumentInvalid(name)
    }
    return nil
  }
}
