/// Who calls the gateway and how calls are signed.
package struct GatewaySettings: Sendable {
  package var appKey: String
  package var secret: [UInt8]
  /// A user token; this API is not known to need one. A blank one is not sent.
  package var session: String?
  package var signMethod = SignatureMethod.hmacSHA256

  package init(appKey: String, secret: [UInt8]) {
    self.appKey = appKey
    self.secret = secret
  }
}

/// However it is printed, secret and session stay out: `dump` and the descriptions of whatever holds the settings go
/// through the mirror.
extension GatewaySettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "app \(appKey), \(signMethod.name)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror {
    Mirror(self, children: ["appKey": appKey, "signMethod": signMethod], displayStyle: .struct)
  }
}

/// `sign_method`; which text is signed is the same for all of them.
package enum SignatureMethod: Sendable, CaseIterable {
  /// MD5(secret + text + secret)
  case md5
  /// HMAC-MD5 with the secret as key
  case hmac
  /// HMAC-SHA256 with the secret as key
  case hmacSHA256

  package var name: StaticString {
    switch self {
    case .md5: "md5"
    case .hmac: "hmac"
    case .hmacSHA256: "hmac-sha256"
    }
  }
}
