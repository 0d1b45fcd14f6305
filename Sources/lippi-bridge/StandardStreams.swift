internal import BridgeCore
internal import Glibc

/// Data for the next program: nothing but what was asked for.
enum StandardOutput {
  static func write(_ text: String) { writeAll(text, to: STDOUT_FILENO) }

  static func write(_ bytes: UnsafeRawBufferPointer) { _ = writeAll(bytes, to: STDOUT_FILENO) }
}

/// Sentences for people.
enum StandardError {
  static func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }
}

/// Data for the next program in large pieces, for many lines; `flush` before waiting.
struct BufferedOutput: ~Copyable {
  private static let pieceByteCount = 64 * 1_024

  private var waiting = ByteBuffer(capacity: BufferedOutput.pieceByteCount * 2)
  /// Nobody reads any more.
  private(set) var isGone = false

  /// `append` only appends.
  mutating func write(_ append: (inout ByteBuffer) -> Void) {
    append(&waiting)
    if waiting.count >= Self.pieceByteCount { flush() }
  }

  mutating func flush() {
    guard waiting.count > 0 else { return }
    if !waiting.withBytes({ writeAll($0, to: STDOUT_FILENO) }) { isGone = true }
    waiting.removeAll()
  }
}

/// Unbuffered, so that a line is out before the program blocks.
private func writeAll(_ text: String, to descriptor: Int32) {
  var text = text
  // A reader that went away is no fault of ours.
  _ = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
}

/// False if the reader went away.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var writtenCount = 0
  while writtenCount < bytes.count {
    let count = Glibc.write(descriptor, bytes.baseAddress! + writtenCount, bytes.count - writtenCount)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return false }
    writtenCount += count
  }
  return true
}
