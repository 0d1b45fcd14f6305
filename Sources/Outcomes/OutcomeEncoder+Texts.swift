import BridgeCore

/// Texts from outside, made safe for the value.
extension OutcomeEncoder {
  mutating func appendNumber(_ number: Int64?) {
    if let number { value.appendDecimal(number) } else { value.append("null") }
  }

  /// An id of the platform: as it is, or cut and marked.
  mutating func appendIdentifier(_ text: BorrowedText) {
    guard let text else {
      value.append("null")
      return
    }
    if limits.identifier.fits(text) {
      value.appendJSONString(text)
    } else {
      scratch.removeAll()
      limits.identifier.append(text, to: &scratch)
      appendScratch()
    }
  }

  mutating func appendIdentifier(text: String?) {
    guard var text else {
      value.append("null")
      return
    }
    text.withUTF8 { appendIdentifier(UnsafeRawBufferPointer($0)) }
  }

  /// A text of the gateway: `<echo>` if it repeats what must not leave, else without control characters and cut.
  mutating func appendGatewayText(_ text: BorrowedText, byteLimit: Int, _ guarded: GuardedTexts) {
    guard let whole = text else {
      value.append("null")
      return
    }
    let text = Self.beginning(of: whole)
    if screen.finds(guarded, in: text) {
      appendEchoMark()
    } else if text.count <= byteLimit, UTF8Text.isPrintableASCII(text) {
      value.appendJSONString(text)
    } else {
      scratch.removeAll()
      let droppedControls = clean(text)
      // Control characters inside an echo would have hidden it from the first look.
      if droppedControls, scratch.withBytes({ screen.finds(guarded, in: Self.beginning(of: $0)) }) {
        appendEchoMark()
      } else {
        cutScratch(byteLimit: byteLimit)
        appendScratch()
      }
    }
  }

  mutating func appendGatewayText(_ text: String?, byteLimit: Int, _ guarded: GuardedTexts) {
    guard var text else {
      value.append("null")
      return
    }
    text.withUTF8 { appendGatewayText(UnsafeRawBufferPointer($0), byteLimit: byteLimit, guarded) }
  }

  private static func beginning(of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: text.prefix(EchoScreen.textByteLimit))
  }

  private mutating func appendEchoMark() { value.append("\"<echo>\"") }

  private mutating func appendScratch() {
    scratch.withBytes { value.appendJSONString($0) }
  }

  /// Into `scratch`, without control characters, U+FFFD for every byte that is not UTF-8. Says whether there were
  /// control characters.
  private mutating func clean(_ text: UnsafeRawBufferPointer) -> Bool {
    var droppedControls = false
    var position = 0
    while position < text.count {
      let length = UTF8Text.characterLength(in: text, at: position)
      if length == 0 {
        scratch.append("\u{FFFD}")
        position &+= 1
        continue
      }
      if UTF8Text.isControl(in: text, at: position, length: length) {
        droppedControls = true
      } else {
        scratch.append(UnsafeRawBufferPointer(rebasing: text[position..<position &+ length]))
      }
      position &+= length
    }
    return droppedControls
  }

  /// Cuts on a character boundary; a cut text ends in `…`, which counts towards the limit.
  private mutating func cutScratch(byteLimit: Int) {
    guard scratch.count > byteLimit else { return }
    let ellipsis: StaticString = "…"
    var end = byteLimit - ellipsis.utf8CodeUnitCount
    scratch.withBytes { bytes in
      while end > 0, bytes[end] & 0xC0 == 0x80 { end &-= 1 }
    }
    scratch.truncate(to: end)
    scratch.append(ellipsis)
  }
}
