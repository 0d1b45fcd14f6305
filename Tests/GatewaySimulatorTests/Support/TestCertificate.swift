import Foundation

@testable import GatewaySimulator

/// A certificate for 127.0.0.1 in a folder of its own, made by the `openssl` command.
struct TestCertificate {
  let files: SimulatorOptions.TLSFiles
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "simulator-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    files = .init(
      certificate: folder.appending(path: "cert.pem").path, key: folder.appending(path: "key.pem").path)
    let command = Process()
    command.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    command.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
      "2",
      "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out",
      files.certificate,
    ]
    command.standardError = FileHandle.nullDevice
    try command.run()
    command.waitUntilExit()
    guard command.terminationStatus == 0 else {
      throw ClientFailure(description: "openssl made no certificate")
    }
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// A simulator that speaks TLS, for the length of `body`.
func withSecureSimulator(_ body: (GatewaySimulator) throws -> Void) throws {
  let certificate = try TestCertificate()
  defer { certificate.remove() }
  try withSimulator(SimulatorOptions(tls: certificate.files), body)
}

func withSimulator(isSecure: Bool, _ body: (GatewaySimulator) throws -> Void) throws {
  if isSecure { try withSecureSimulator(body) } else { try withSimulator(SimulatorOptions(), body) }
}
