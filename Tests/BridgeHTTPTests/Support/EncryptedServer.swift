import Foundation

/// `lippi_e2e/tls_gateway.py` as a process: what it does to a request is told by the request's path.
final class EncryptedServer {
  let port: UInt16
  private let process = Process()
  private let input = Pipe()

  init(
    certificate: String? = "server", clientAuthority: String? = nil, version: String? = nil, port: UInt16 = 0
  ) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "EndToEnd/lippi_e2e/tls_gateway.py").path
    let all = Certificates.shared
    var arguments = ["python3", script, "--port", "\(port)"]
    if let certificate {
      arguments += ["--certificate", all.certificate(certificate), "--key", all.key(certificate)]
    }
    if let clientAuthority { arguments += ["--client-ca", all.certificate(clientAuthority)] }
    if let version { arguments += ["--version", version] }
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 {
      line.append(byte)
    }
    let facts = try JSONDecoder().decode([String: UInt16].self, from: Data(line))
    self.port = facts["port"] ?? 0
  }

  deinit {
    // The end of its input ends it.
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func url(_ path: String = "/router/rest", host: String = "127.0.0.1") -> String {
    "https://\(host):\(port)\(path)"
  }

  /// What an answer's body says about the handshake.
  struct Facts: Decodable, Equatable {
    var connection: Int
    var connections: Int
    var count: Int
    var version: String
    var reused: Bool
    var client: String
    var name: String

    init(_ body: String) throws { self = try JSONDecoder().decode(Facts.self, from: Data(body.utf8)) }
  }
}
