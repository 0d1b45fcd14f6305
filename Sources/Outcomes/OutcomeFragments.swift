import BridgeCore

/// The parts of an outcome that never change while a worker runs, written once.
struct OutcomeFragments: Sendable {
  /// `,"source":{"topic":"…","partition":`
  let source: [UInt8]
  /// `},"gateway":{"app_key":"…","http_status":`
  let gateway: [UInt8]
  /// `,"bridge":{…}}`, the end of the value.
  let bridge: [UInt8]
  /// Headers that never change, as a `HeaderBlock`.
  let headers: [UInt8]
  /// The input topic, as `ce_id` begins.
  let topic: [UInt8]

  init(_ identity: OutcomeIdentity) {
    let topic = OutcomeIdentity.shortened(identity.sourceTopic)
    self.topic = Array(topic.utf8)
    source = Self.text([",\"source\":{\"topic\":", .json(topic), ",\"partition\":"])
    gateway = Self.text([
      "},\"gateway\":{\"app_key\":", .json(OutcomeIdentity.shortened(identity.appKey)), ",\"http_status\":",
    ])
    bridge = Self.text([
      ",\"bridge\":{\"instance\":", .json(OutcomeIdentity.shortened(identity.instance)),
      ",\"version\":", .json(OutcomeIdentity.shortened(identity.version)),
      ",\"rules\":", .json(OutcomeIdentity.shortened(identity.rulesVersion)), "}}",
    ])
    var block = ByteBuffer(capacity: 1_024)
    let fixed = [
      ("source_topic", topic),
      ("content-type", "application/json"),
      ("ce_specversion", "1.0"),
      ("ce_source", OutcomeIdentity.eventSource(groupID: identity.groupID)),
    ]
    for (name, value) in fixed {
      Array(name.utf8).withUnsafeBytes { name in
        Array(value.utf8).withUnsafeBytes { HeaderBlock.append(name: name, value: $0, to: &block) }
      }
    }
    headers = block.withBytes { Array($0) }
  }

  private enum Piece: ExpressibleByStringLiteral {
    case plain(String)
    case json(String)
    init(stringLiteral value: String) { self = .plain(value) }
  }

  private static func text(_ pieces: [Piece]) -> [UInt8] {
    var buffer = ByteBuffer(capacity: 1_024)
    for piece in pieces {
      switch piece {
      case .plain(let text): buffer.append(text: text)
      case .json(let text): buffer.appendJSONString(text: text)
      }
    }
    return buffer.withBytes { Array($0) }
  }
}
