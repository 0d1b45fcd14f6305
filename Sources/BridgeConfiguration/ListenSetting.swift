/// Where to listen: an address or a name of this host, and a port.
package struct ListenSetting: Sendable, Equatable {
  package var host: String
  /// 0: a free one is taken.
  package var port: UInt16

  /// `127.0.0.1:9464`, `[::1]:9464`, `localhost:0`; nil for anything else.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(digits)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("[") {
      guard host.hasSuffix("]") else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "[]/".contains($0) }) else { return nil }
    self.host = String(host)
    self.port = port
  }
}
