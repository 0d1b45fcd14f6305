package import BridgeCore
package import ChatEvents

/// Writes the form body of one call of `alibaba.lyservice.lippi.message.send`: all parameters in the order of their
/// names, as they are signed, and `sign` last, so that a body that was cut off cannot verify.
package struct RequestEncoder: ~Copyable {
  static let method: StaticString = "alibaba.lyservice.lippi.message.send"

  private let signMethod: SignatureMethod
  private let appKey: [UInt8]
  /// Nil or not blank: clients and servers disagree on whether a parameter without a value is signed.
  private let session: [UInt8]?
  private let signer: Signer
  private var clock = GatewayTime()
  /// The signed text: names and raw values, without separators.
  private var text = ByteBuffer(capacity: 2_048)

  package init(settings: GatewaySettings) {
    signMethod = settings.signMethod
    appKey = Array(settings.appKey.utf8)
    session = settings.session.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : Array($0.utf8) }
    signer = Signer(method: settings.signMethod, secret: settings.secret)
  }

  /// Appends the body for `event`, which is valid, with the timestamp of `time` and a fresh signature.
  package mutating func encode(
    _ event: borrowing ChatEvent, at time: WallTime, into body: inout ByteBuffer
  ) {
    text.removeAll()
    Self.append("app_key", appKey, &text, &body)
    Self.append("format", "json", &text, &body)
    Self.append("ly_ding_open_para_dto", &text, &body) { CallerObject.append(event, to: &$0) }
    Self.append("ly_open_message_dto", &text, &body) { MessageObject.append(event, to: &$0) }
    Self.append("method", Self.method, &text, &body)
    if let session { Self.append("session", session, &text, &body) }
    Self.append("sign_method", signMethod.name, &text, &body)
    Self.append("timestamp", &text, &body) { clock.append(time, to: &$0) }
    Self.append("v", "2.0", &text, &body)
    body.append("sign=")
    text.withBytes { signer.sign($0, into: &body) }
  }

  private static func append(
    _ name: StaticString, _ value: [UInt8], _ text: inout ByteBuffer, _ body: inout ByteBuffer
  ) {
    append(name, &text, &body) { $0.append(value) }
  }

  private static func append(
    _ name: StaticString, _ value: StaticString, _ text: inout ByteBuffer, _ body: inout ByteBuffer
  ) {
    append(name, &text, &body) { $0.append(value) }
  }

  /// Writes a value into the signed text, and the parameter with its separator into the body.
  private static func append(
    _ name: StaticString, _ text: inout ByteBuffer, _ body: inout ByteBuffer,
    _ writeValue: (inout ByteBuffer) -> Void
  ) {
    text.append(name)
    let start = text.count
    writeValue(&text)
    body.append(name)
    body.append(UInt8(ascii: "="))
    text.withBytes(of: TextRange(start: start, count: text.count - start)) {
      FormEncoding.append($0, to: &body)
    }
    body.append(UInt8(ascii: "&"))
  }
}
