internal import Glibc

/// Lines of standard input, without their ends.
enum LineInput {
  /// Calls `take` for every line with its number, from 1, until it throws.
  static func forEachLine<Failure: Error>(
    _ take: (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    guard let input = fdopen(STDIN_FILENO, "r") else { return }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    var number = 0
    while true {
      let count = getline(&line, &capacity, input)
      guard count > 0, let line else { return }
      number += 1
      let length = line[count - 1] == CChar(UInt8(ascii: "\n")) ? count - 1 : count
      try take(number, UnsafeRawBufferPointer(start: line, count: length))
    }
  }
}
