import Foundation
import Glibc

@testable import GatewaySimulator

/// A request to the gateway; valid unless told otherwise. The signature is the simulator's own signer's, which the
/// published vectors pin.
struct TopRequest {
  var verb = "POST"
  var secret = "helloworld"
  var type = "application/x-www-form-urlencoded;charset=UTF-8"
  var isSigned = true
  var closes = false
  private(set) var parameters: [(name: String, value: String)] = []

  static func valid(sid: String = "s-1", messageID: String = "m-1", content: String = "hello") -> TopRequest {
    var request = TopRequest()
    request["method"] = "alibaba.lyservice.lippi.message.send"
    request["app_key"] = "12345678"
    request["timestamp"] = timestamp()
    request["v"] = "2.0"
    request["sign_method"] = "hmac-sha256"
    request["format"] = "json"
    request["ly_ding_open_para_dto"] = "{}"
    request["ly_open_message_dto"] = message(sid: sid, messageID: messageID, content: content)
    return request
  }

  static func message(sid: String = "s-1", messageID: String = "m-1", content: String = "hello") -> String {
    let members: [String: Any] = [
      "message_id": messageID, "content": content, "sid": sid, "session_source": "XSpace", "content_type": 1,
      "bu_id": "100",
    ]
    let data = try? JSONSerialization.data(withJSONObject: members, options: [.sortedKeys])
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  static func timestamp(offsetSeconds: Int = 0) -> String {
    var moment = time(nil) + 8 * 3600 + offsetSeconds
    var parts = tm()
    gmtime_r(&moment, &parts)
    return String(
      format: "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
      parts.tm_hour, parts.tm_min, parts.tm_sec)
  }

  subscript(name: String) -> String? {
    get { parameters.first { $0.name == name }?.value }
    set {
      parameters.removeAll { $0.name == name }
      if let newValue { parameters.append((name, newValue)) }
    }
  }

  /// Adds what may be there already.
  mutating func repeatParameter(_ name: String, _ value: String) { parameters.append((name, value)) }

  private static let plain = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.*")

  static func encode(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false)
      .map { $0.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }.joined(separator: "+")
  }

  var form: String {
    var all = parameters
    if isSigned, self["sign"] == nil {
      all.append(("sign", signatureText(parameters, secret: secret, self["sign_method"] ?? "")))
    }
    return all.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }.joined(separator: "&")
  }

  var text: String {
    let body = form
    let connection = closes ? "Connection: close\r\n" : ""
    if verb == "GET" { return "GET /router/rest?\(body) HTTP/1.1\r\nHost: gateway\r\n\(connection)\r\n" }
    return "\(verb) /router/rest HTTP/1.1\r\nHost: gateway\r\nContent-Type: \(type)\r\n\(connection)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

/// What the simulator's signer makes of the parameters; `-` for a method that it does not know.
func signatureText(_ parameters: [(name: String, value: String)], secret: String, _ method: String) -> String
{
  let encoded = parameters.map { "\(TopRequest.encode($0.name))=\(TopRequest.encode($0.value))" }
    .joined(separator: "&")
  var read = Parameters()
  Array(encoded.utf8).withUnsafeBufferPointer { read.read($0) }
  guard let known = Array(method.utf8).withUnsafeBufferPointer({ SignMethod($0) }) else { return "-" }
  var signer = Signer(secret: secret)
  let text = signer.signature(known, read).map { String(format: "%02X", $0) }.joined()
  // The view that was just read belongs to the signer.
  _ = consume signer
  return text
}
