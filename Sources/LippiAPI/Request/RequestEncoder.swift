package import BridgeCore
package import ChatEvents

/// Writes the form body of one call of `alibaba.lyservice.lippi.message.send`: all parameters in the order of their
/// names, as they are signed, and `sign` last, so that a body that was cut off cannot verify.
package struct RequestEncoder: ~Copyable {
  static let method: StaticString = "alibaba.lyservice.lippi.message.send"

  private let settings: GatewaySettings
  private let appKey: [UInt8]
  private let session: [UInt8]?
  private let signer: Signer
  private var clock = GatewayTime()
  /// The signed text: names and raw values, without separators.
  private var text = ByteBuffer(capacity: 2_048)

  package init(settings: GatewaySettings) {
    self.settings = settings
    appKey = Array(settings.appKey.utf8)
    session = settings.session.map { Array($0.utf8) }
    signer = Signer(method: settings.signMethod, secret: settings.secret)
  }

  /// Appends the body for `event`, which is valid, with the timestamp of `time` and a fresh signature.
  package mutating func encode(
    _ event: borrowing ChatEvent, at time: WallTime, into body: inout ByteBuffer
  ) {
    text.removeAll()
    appKey.withUnsafeBytes { value in append("app_key", into: &body) { $0.append(value) } }
    append("format", into: &body) { $0.append("json") }
    append("ly_ding_open_para_dto", into: &body) { CallerObject.append(event, to: &$0) }
    append("ly_open_message_dto", into: &body) { MessageObject.append(event, to: &$0) }
    append("method", into: &body) { $0.append(Self.method) }
    session?.withUnsafeBytes { value in append("session", into: &body) { $0.append(value) } }
    append("sign_method", into: &body) { $0.append(settings.signMethod.name) }
    clock.text(at: time).withUnsafeBytes { value in append("timestamp", into: &body) { $0.append(value) } }
    append("v", into: &body) { $0.append("2.0") }
    body.append("sign=")
    text.withBytes { signer.sign($0, into: &body) }
  }

  /// Writes a value into the signed text, and the parameter with its separator into the body.
  private mutating func append(
    _ name: StaticString, into body: inout ByteBuffer, _ writeValue: (inout ByteBuffer) -> Void
  ) {
    text.append(name)
    let start = text.count
    writeValue(&text)
    body.append(name)
    body.append(UInt8(ascii: "="))
    text.withBytes(of: TextRange(start: start, count: text.count - start)) { FormEncoding.append($0, to: &body) }
    body.append(UInt8(ascii: "&"))
  }
}
