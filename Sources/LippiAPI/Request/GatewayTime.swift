import BridgeCore

/// `yyyy-MM-dd HH:mm:ss` in GMT+8, as the gateway reads `timestamp`.
struct GatewayTime: ~Copyable {
  private static let secondsAheadOfUTC: Int64 = 8 * 3_600

  private var second: Int64 = .min
  private var text = ByteBuffer(capacity: 32)

  /// Appends the text for a time; it is made anew once a second.
  mutating func append(_ time: WallTime, to buffer: inout ByteBuffer) {
    let seconds = CivilDate.floorDivision(time.milliseconds, 1_000)
    if seconds != second {
      second = seconds
      text.removeAll()
      text.appendDateAndTime(seconds + Self.secondsAheadOfUTC, separator: UInt8(ascii: " "))
    }
    text.withBytes { buffer.append($0) }
  }
}
