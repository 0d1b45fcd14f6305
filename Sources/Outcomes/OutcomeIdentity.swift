import BridgeCore

/// What every outcome of one worker says alike.
package struct OutcomeIdentity: Sendable {
  /// The input topic.
  package var sourceTopic: String
  package var groupID: String
  package var instance: String
  package var version: String
  /// Version of the rules that judge answers.
  package var rulesVersion: String
  package var appKey: String

  package init(
    sourceTopic: String, groupID: String, instance: String, version: String, rulesVersion: String,
    appKey: String
  ) {
    self.sourceTopic = sourceTopic
    self.groupID = groupID
    self.instance = instance
    self.version = version
    self.rulesVersion = rulesVersion
    self.appKey = appKey
  }

  /// The header `ce_source`: recognises the outcomes of one consumer group. Cut like every long id.
  package static func eventSource(groupID: String) -> String {
    "/lippi-bridge/" + shortened(groupID)
  }

  /// At most 256 bytes, also when written as JSON.
  static func shortened(_ text: String) -> String {
    var text = text
    var buffer = ByteBuffer(capacity: 512)
    text.withUTF8 { IdentifierCut.tight.append(UnsafeRawBufferPointer($0), to: &buffer) }
    return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
