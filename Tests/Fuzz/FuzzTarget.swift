internal import BridgeCore

/// Whatever reads data from outside.
enum FuzzTarget: String, CaseIterable {
  case events, answers, recovery, configuration
}

/// Ends the process, which libFuzzer reports together with the input.
func require(_ condition: Bool, _ sentence: @autoclosure () -> String) {
  guard condition else { fatalError(sentence()) }
}

/// Every text of a value stands inside its buffer.
func requireTexts(of value: Any, within buffer: borrowing ByteBuffer) {
  if let range = value as? TextRange {
    require(
      !range.isPresent || range.end <= buffer.count, "a text ends at \(range.end) of \(buffer.count) bytes")
    return
  }
  for child in Mirror(reflecting: value).children { requireTexts(of: child.value, within: buffer) }
}
