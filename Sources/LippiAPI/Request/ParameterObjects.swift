package import BridgeCore
package import ChatEvents

/// `ly_open_message_dto`: absent members are left out.
package enum MessageObject {
  package static func append(_ event: borrowing ChatEvent, to buffer: inout ByteBuffer) {
    let message = event.message
    event.text.withBytes { text in
      var members = ObjectWriter(text: text)
      members.append("bu_id", message.buID, to: &buffer)
      members.append("cms_id", message.cmsID, to: &buffer)
      members.append("content", message.content, to: &buffer)
      members.append("content_type", message.contentType, to: &buffer)
      members.append("ding_corp_id", message.dingCorpID, to: &buffer)
      members.append("message_create_at", message.messageCreateAt, to: &buffer)
      members.append("message_id", message.messageID, to: &buffer)
      members.append("open_instance_id", message.openInstanceID, to: &buffer)
      members.append("production_type", message.productionType, to: &buffer)
      members.append("sender_id", message.senderID, to: &buffer)
      members.append("sender_type", literal: message.senderType == .agent ? "4" : "1", to: &buffer)
      members.append("session_source", message.sessionSource, to: &buffer)
      members.append("sid", message.sid, to: &buffer)
      members.close(&buffer)
    }
  }
}

/// `ly_ding_open_para_dto`: `{}` when there is nothing to say.
package enum CallerObject {
  package static func append(_ event: borrowing ChatEvent, to buffer: inout ByteBuffer) {
    let caller = event.message.caller
    event.text.withBytes { text in
      var members = ObjectWriter(text: text)
      members.append("corp_id", caller.corpID, to: &buffer)
      members.append("isv_org_id", caller.isvOrgID, to: &buffer)
      members.append("org_id", caller.orgID, to: &buffer)
      members.append("suite_key", caller.suiteKey, to: &buffer)
      members.append("token_grant_type", caller.tokenGrantType, to: &buffer)
      members.close(&buffer)
    }
  }
}

/// Writes the members of one JSON object; names are ours and need no escapes.
private struct ObjectWriter {
  let text: UnsafeRawBufferPointer
  private var isEmpty = true

  init(text: UnsafeRawBufferPointer) { self.text = text }

  private mutating func open(_ name: StaticString, _ buffer: inout ByteBuffer) {
    buffer.append(isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
    isEmpty = false
    buffer.append(UInt8(ascii: "\""))
    buffer.append(name)
    buffer.append("\":")
  }

  mutating func append(_ name: StaticString, _ range: TextRange, to buffer: inout ByteBuffer) {
    guard range.isPresent else { return }
    open(name, &buffer)
    buffer.appendJSONString(UnsafeRawBufferPointer(rebasing: text[range.start..<range.end]))
  }

  mutating func append(_ name: StaticString, _ number: Int64?, to buffer: inout ByteBuffer) {
    guard let number else { return }
    open(name, &buffer)
    buffer.appendDecimal(number)
  }

  mutating func append(_ name: StaticString, literal: StaticString, to buffer: inout ByteBuffer) {
    open(name, &buffer)
    buffer.appendJSONString(literal)
  }

  mutating func close(_ buffer: inout ByteBuffer) {
    if isEmpty { buffer.append(UInt8(ascii: "{")) }
    buffer.append(UInt8(ascii: "}"))
  }
}
