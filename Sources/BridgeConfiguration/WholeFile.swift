internal import Glibc

/// A file that could not be read, or not used.
package struct FileFault: Error, Hashable, Sendable, CustomStringConvertible {
  package var path: String
  package var reason: String
  package var description: String { "\(path) \(reason)" }
}

/// A small file, read at once.
package enum WholeFile {
  /// - Parameter byteLimit: larger files are refused.
  package static func read(_ path: String, byteLimit: Int) throws(FileFault) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fault(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let chunkSize = 16 * 1_024
    while true {
      let before = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: chunkSize))
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + before, chunkSize) }
      if count < 0, errno == EINTR {
        bytes.removeLast(chunkSize)
        continue
      }
      guard count >= 0 else { throw fault(path) }
      bytes.removeLast(chunkSize - count)
      if count == 0 { return bytes }
      guard bytes.count <= byteLimit else {
        throw FileFault(path: path, reason: "is larger than \(SizeText.text(Int64(byteLimit)))")
      }
    }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func fault(_ path: String) -> FileFault {
    let reason = String(cString: strerror(errno))
    return FileFault(path: path, reason: "cannot be read: \(reason)")
  }
}
