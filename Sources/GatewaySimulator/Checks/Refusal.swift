/// Why the gateway itself refuses a request.
enum Refusal: Equatable {
  case encodingInvalid
  case methodMissing, methodInvalid
  case verbNotAllowed
  case appKeyMissing, appKeyInvalid
  case addressNotAllowed
  case methodNotPermitted
  case timestampMissing, timestampInvalid, timestampOutsideWindow
  case versionMissing, versionInvalid, versionUnsupported
  case formatInvalid
  case signatureMissing, signatureInvalid
  case sessionMissing, sessionInvalid
  case argumentMissing(BusinessName)
  case argumentInvalid(BusinessName)

  var code: Int {
    switch self {
    case .verbNotAllowed: 9
    case .addressNotAllowed, .methodNotPermitted: 11
    case .methodMissing: 21
    case .methodInvalid: 22
    case .formatInvalid: 23
    case .signatureMissing: 24
    case .signatureInvalid: 25
    case .sessionMissing: 26
    case .sessionInvalid: 27
    case .appKeyMissing: 28
    case .appKeyInvalid: 29
    case .timestampMissing: 30
    case .timestampInvalid, .timestampOutsideWindow: 31
    case .versionMissing: 32
    case .versionInvalid: 33
    case .versionUnsupported: 34
    case .argumentMissing: 40
    case .argumentInvalid: 41
    case .encodingInvalid: 47
    }
  }

  /// Absent where none was ever seen.
  var subCode: StaticString? {
    switch self {
    case .appKeyInvalid: "isv.appkey-not-exists"
    case .addressNotAllowed: "isv.permission-ip-whitelist-limit"
    case .methodNotPermitted: "isv.permission-api-package-limit"
    case .timestampOutsideWindow: "isv.timestamp-limit-error"
    case .encodingInvalid, .methodMissing, .methodInvalid, .verbNotAllowed, .appKeyMissing,
      .timestampMissing, .timestampInvalid, .versionMissing, .versionInvalid, .versionUnsupported,
      .formatInvalid, .signatureMissing, .signatureInvalid, .sessionMissing, .sessionInvalid,
      .argumentMissing, .argumentInvalid:
      nil
    }
  }

  /// What follows the text of the code.
  var argument: BusinessName? {
    switch self {
    case .argumentMissing(let name), .argumentInvalid(let name): name
    case .encodingInvalid, .methodMissing, .methodInvalid, .verbNotAllowed, .appKeyMissing,
      .appKeyInvalid, .addressNotAllowed, .methodNotPermitted, .timestampMissing, .timestampInvalid,
      .timestampOutsideWindow, .versionMissing,
      .versionInvalid, .versionUnsupported, .formatInvalid, .signatureMissing, .signatureInvalid,
      .sessionMissing, .sessionInvalid:
      nil
    }
  }
}

/// The texts that go with codes on the wire.
enum CodeText {
  static func text(_ code: Int) -> StaticString {
    switch code {
    case 7: "App Call Limited"
    case 9: "Http action not allowed"
    case 10: "Service currently unavailable"
    case 11: "Insufficient isv permissions"
    case 15, 50, 520, 530, 540, 670, 700: "Remote service error"
    case 21: "Missing method"
    case 22: "Invalid method"
    case 23: "Invalid format"
    case 24: "Missing signature"
    case 25: "Invalid signature"
    case 26: "Missing session"
    case 27: "Invalid session"
    case 28: "Missing app key"
    case 29: "Invalid app Key"
    case 30: "Missing timestamp"
    case 31: "Invalid timestamp"
    case 32: "Missing version"
    case 33: "Invalid version"
    case 34: "Unsupported version"
    case 40: "Missing required arguments"
    case 41: "Invalid arguments"
    case 47: "Invalid encoding"
    default: "Platform System error"
    }
  }
}
