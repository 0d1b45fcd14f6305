import Foundation
import Glibc

/// Certificates for the time of a test run, made by the `openssl` command.
struct Certificates: Sendable {
  static let shared = Certificates()
  let folder: String

  /// `authority` has signed all but `own`, which has signed itself; `stranger` is an authority that signed nothing.
  private static let recipe = """
    set -e
    key="ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    authority() { openssl req -x509 -newkey $key -keyout $1.key -out $1.pem -subj "/CN=$1" -days 2; }
    certificate() {
      openssl req -newkey $key -keyout $1.key -out $1.csr -subj "/CN=$1"
      printf 'subjectAltName=%s\\n' "$2" > $1.ext
      openssl x509 -req -in $1.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days $3 \
        -extfile $1.ext -out $1.pem
    }
    authority authority
    authority stranger
    certificate server "DNS:localhost,DNS:gateway.test,IP:127.0.0.1" 2
    certificate misnamed "DNS:other.test" 2
    certificate expired "DNS:localhost,IP:127.0.0.1" -1
    certificate client "DNS:client" 2
    openssl req -x509 -newkey $key -keyout own.key -out own.pem -subj "/CN=own" -days 2 \
      -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
    """

  private init() {
    folder = NSTemporaryDirectory() + "lippi-bridge-certificates-\(getpid())"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", Self.recipe]
      shell.currentDirectoryURL = URL(fileURLWithPath: folder)
      shell.standardOutput = FileHandle.nullDevice
      shell.standardError = FileHandle.nullDevice
      try shell.run()
      shell.waitUntilExit()
      precondition(shell.terminationStatus == 0, "the openssl command makes certificates")
    } catch {
      preconditionFailure("certificates are needed: \(error)")
    }
    atexit { try? FileManager.default.removeItem(atPath: Certificates.shared.folder) }
  }

  func certificate(_ name: String) -> String { "\(folder)/\(name).pem" }
  func key(_ name: String) -> String { "\(folder)/\(name).key" }
}
