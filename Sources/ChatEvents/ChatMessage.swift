package import BridgeCore

/// One customer-to-agent message in the members of `ly_open_message_dto`; texts are ranges into `ChatEvent.text`,
/// unescaped UTF-8. Trivial to copy.
package struct ChatMessage: Sendable {
  package var messageID = TextRange.absent
  package var sid = TextRange.absent
  package var sessionSource = TextRange.absent
  package var content = TextRange.absent
  package var buID = TextRange.absent
  package var cmsID = TextRange.absent
  package var dingCorpID = TextRange.absent
  package var senderID = TextRange.absent
  package var openInstanceID = TextRange.absent
  /// The number of a `ContentType`; nil if it could not be read.
  package var contentType: Int64?
  package var senderType = SenderType.member
  /// 1 or 1001.
  package var productionType: Int64?
  /// Epoch milliseconds.
  package var messageCreateAt: Int64?
  package var caller = Caller()

  package init() {}
}

/// `sender_type` as the API writes it.
package enum SenderType: UInt8, Sendable {
  case member = 1
  case agent = 4
}

/// The members of `ly_ding_open_para_dto` for one event: the configured caller with the event's laid over it. ISV
/// members without `token_grant_type` 1 are already dropped.
package struct Caller: Sendable {
  package var corpID = TextRange.absent
  package var suiteKey = TextRange.absent
  package var orgID: Int64?
  /// 0 enterprise, 1 ISV.
  package var tokenGrantType: Int64?
  package var isvOrgID: Int64?

  package init() {}
}
