@testable internal import BridgeCore

/// Metadata of an offset commit. Input is taken as the metadata; and as what stands behind its checksum, which no
/// random input would ever match.
enum RecoveryFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    let bytes = Array(input)
    check(bytes)
    let checksum = CRC32.checksum(of: bytes[...])
    let sealed = [RecoveryLogCodec.version] + withUnsafeBytes(of: checksum.bigEndian) { Array($0) } + bytes
    check(Base64.url.encode(sealed))
  }

  private static func check(_ metadata: [UInt8]) {
    guard let log = RecoveryLogCodec.decode(metadata) else { return }
    require(log.committedOffset >= 0, "the committed offset is \(log.committedOffset)")
    require(log.ceiling >= log.committedOffset, "the ceiling is below the committed offset")
    require(log.firstPartitionCount >= 0, "\(log.firstPartitionCount) partitions")
    let highest = log.highestPublished ?? log.committedOffset
    require(
      log.unresolved.allSatisfy { $0 >= log.committedOffset && $0 < highest }, "unresolved out of range")
    require(
      zip(log.unresolved, log.unresolved.dropFirst()).allSatisfy { $0 < $1 }, "unresolved not ascending")
    for offset in log.unresolved.prefix(8) { require(!log.isPublished(offset), "unresolved and published") }
    guard let written = RecoveryLogCodec.encode(log, limit: .max) else {
      fatalError("a log that was read cannot be written")
    }
    require(RecoveryLogCodec.decode(written) == log, "written and read again, it is another")
  }
}
