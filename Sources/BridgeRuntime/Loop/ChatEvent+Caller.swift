import BridgeCore
import ChatEvents

extension ChatEvent {
  /// Whom the gateway takes for the caller, as a number: two callers that share one are only told apart later.
  var callerKey: UInt32 {
    var key: UInt32 = 2_166_136_261
    func mix(_ number: UInt64) {
      key = (key ^ UInt32(truncatingIfNeeded: number ^ number >> 32)) &* 16_777_619
    }
    func mix(_ range: TextRange) {
      guard range.isPresent else { return mix(1) }
      text.withBytes(of: range) { bytes in for byte in bytes { mix(UInt64(byte)) } }
    }
    mix(message.caller.corpID)
    mix(message.caller.suiteKey)
    mix(UInt64(bitPattern: message.caller.orgID ?? -1))
    mix(UInt64(bitPattern: message.caller.tokenGrantType ?? -1))
    mix(UInt64(bitPattern: message.caller.isvOrgID ?? -1))
    return key
  }
}
