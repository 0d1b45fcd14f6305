/// A value that must not be seen: every way of printing it shows `<redacted>`; `reveal` is the only way to it.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let text: String
  /// Where it can be read again, because secrets are changed while the worker runs.
  package let source: SecretSource

  package init(_ text: String, from source: SecretSource) {
    self.text = text
    self.source = source
  }

  package func reveal() -> String { text }

  package static let redacted = "<redacted>"
  package var description: String { Self.redacted }
  package var debugDescription: String { Self.redacted }
  package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

  /// The secret as its file holds it now; a secret from a variable cannot change while the process runs.
  package func readAgain() throws(FileFault) -> Secret {
    switch source {
    case .file(let path): try Secret.read(path)
    case .variable: self
    }
  }

  /// - Throws: why the file holds no secret; the sentence never shows its content.
  package static func read(_ path: String) throws(FileFault) -> Secret {
    var bytes = try WholeFile.read(path, byteLimit: fileByteLimit)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileFault(path: path, reason: "is not UTF-8 text")
    }
    guard !text.isBlank else { throw FileFault(path: path, reason: "is empty") }
    guard !text.utf8.contains(where: { $0 < 0x20 }) else {
      throw FileFault(path: path, reason: "has more than one line")
    }
    return Secret(text, from: .file(path: path))
  }

  static let fileByteLimit = 64 * 1_024
}

package enum SecretSource: Hashable, Sendable {
  case file(path: String)
  case variable(String)
}
