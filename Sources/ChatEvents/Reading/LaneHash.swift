package import BridgeCore

/// Makes lane keys out of bytes: multiply and fold, eight bytes a step, with a seed that is new in every process, so
/// that nobody outside can choose ids that share a lane.
package struct LaneHash: Sendable {
  private let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  package func lane(of bytes: UnsafeRawBufferPointer) -> LaneKey {
    var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
    var position = 0
    while position &+ 8 <= bytes.count {
      state = Self.fold(state ^ bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      position &+= 8
    }
    var rest: UInt64 = 0
    while position < bytes.count {
      rest = rest << 8 | UInt64(bytes[position])
      position &+= 1
    }
    return LaneKey(hash: Self.fold(Self.fold(state ^ rest) ^ seed))
  }

  /// A lane of its own, for a record without conversation and key.
  func lane(ofRecordAt offset: RecordOffset) -> LaneKey {
    LaneKey(hash: Self.fold(Self.fold(UInt64(bitPattern: offset) ^ ~seed)))
  }

  private static func fold(_ number: UInt64) -> UInt64 {
    let product = number.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
