import BridgeCore
import Testing

@testable import BridgeHTTP

/// A server's certificate, who is trusted, and what has to come of it.
struct TrustCase: Sendable, CustomTestStringConvertible {
  var name: String
  var server = "server"
  var version: String?
  var host = "127.0.0.1"
  /// Nil: the system's.
  var authority: String? = "authority"
  /// Part of what libcurl says; nil: the request is answered.
  var refusal: String?
  var testDescription: String { name }

  static let all: [TrustCase] = [
    TrustCase(name: "address in the certificate"),
    TrustCase(name: "name in the certificate", host: "localhost"),
    TrustCase(name: "TLS 1.2", version: "1.2"),
    TrustCase(name: "TLS 1.3", version: "1.3"),
    TrustCase(name: "its own certificate is trusted", server: "own", authority: "own"),
    TrustCase(name: "unknown authority", authority: "stranger", refusal: "unable to get local issuer"),
    TrustCase(
      name: "unknown to the system", authority: nil, refusal: "unable to get local issuer certificate"),
    TrustCase(name: "another name", server: "misnamed", refusal: "no alternative certificate subject name"),
    TrustCase(
      name: "another name for a name", server: "misnamed", host: "localhost",
      refusal: "no alternative certificate subject name"),
    TrustCase(name: "expired", server: "expired", refusal: "certificate has expired"),
    TrustCase(name: "signed by itself", server: "own", refusal: "self-signed certificate"),
    TrustCase(name: "TLS 1.1", version: "1.1", refusal: "SSL_connect"),
  ]
}

@Suite(.serialized) struct CertificatesAreVerifiedTests {
  @Test(arguments: TrustCase.all) func onlyTheRightCertificateGetsARequest(_ trust: TrustCase) throws {
    let server = try EncryptedServer(certificate: trust.server, version: trust.version)
    let driver = try GatewayDriver(server.url(host: trust.host)) { settings in
      settings.authorityFile = trust.authority.map { Certificates.shared.certificate($0) }
    }
    guard let refusal = trust.refusal else {
      let ended = try driver.exchange()
      #expect(ended.report.ending == .answered(status: 200, retryAfterSeconds: nil, date: nil))
      let facts = try EncryptedServer.Facts(ended.body)
      if let version = trust.version { #expect(facts.version == "TLSv\(version)") }
      #expect(facts.name == (trust.host == "localhost" ? "localhost" : ""))
      return
    }
    try #require(driver.run { $0.gateway.statistics.connectFailureCount > 0 })
    let reason = try #require(driver.gateway.statistics.lastConnectError)
    #expect(reason.contains(refusal), "\(reason)")
    #expect(driver.gateway.statistics.connectCount == 0)
  }

  @Test func thePathToNothingIsRefusedAtTheStart() {
    let missing = Certificates.shared.certificate("missing")
    func make(_ change: (inout GatewayConnectionSettings) -> Void) throws {
      _ = try GatewayDriver("https://127.0.0.1:1/", change)
    }
    #expect(throws: GatewayConnectionFault.unreadableFile(name: "CA certificate", path: missing, code: 2)) {
      try make { $0.authorityFile = missing }
    }
    #expect(throws: GatewayConnectionFault.unreadableFile(name: "CA certificate", path: "/tmp", code: 21)) {
      try make { $0.authorityFile = "/tmp" }
    }
    #expect(throws: GatewayConnectionFault.unreadableFile(name: "client key", path: missing, code: 2)) {
      try make {
        $0.clientCertificateFile = Certificates.shared.certificate("client")
        $0.clientKeyFile = missing
      }
    }
    #expect(throws: GatewayConnectionFault.incompleteClientCertificate) {
      try make { $0.clientCertificateFile = Certificates.shared.certificate("client") }
    }
    #expect(throws: GatewayConnectionFault.incompleteClientCertificate) {
      try make { $0.clientKeyFile = Certificates.shared.key("client") }
    }
  }

  @Test func aFileWithoutCertificatesTrustsNobody() throws {
    let server = try EncryptedServer()
    let driver = try GatewayDriver(server.url()) { $0.authorityFile = "/dev/null" }
    try #require(driver.run { $0.gateway.statistics.connectFailureCount > 0 })
    #expect(driver.gateway.statistics.lastConnectError?.contains("/dev/null") == true)
    #expect(driver.gateway.statistics.connectCount == 0)
  }

  @Test(arguments: ["1.2", "1.3"]) func theClientsCertificateIsShown(_ version: String) throws {
    let server = try EncryptedServer(clientAuthority: "authority", version: version)
    let driver = try GatewayDriver(server.url()) { settings in
      settings.authorityFile = Certificates.shared.certificate("authority")
      settings.clientCertificateFile = Certificates.shared.certificate("client")
      settings.clientKeyFile = Certificates.shared.key("client")
    }
    #expect(try EncryptedServer.Facts(driver.exchange().body).client == "client")
  }

  @Test(arguments: ["1.2", "1.3"]) func withoutTheClientsCertificateNothingIsAnswered(_ version: String)
    throws
  {
    let server = try EncryptedServer(clientAuthority: "authority", version: version)
    let driver = try GatewayDriver(server.url()) { settings in
      settings.authorityFile = Certificates.shared.certificate("authority")
    }
    // TLS 1.3 lets the client go ahead before the server has looked at a certificate: a request would be lost.
    var sentCount = 0
    try #require(
      driver.run { driver in
        if driver.gateway.readyConnectionCount > 0, case .started = driver.send(0) { sentCount += 1 }
        return driver.gateway.statistics.connectFailureCount >= 3
      })
    print("TLS \(version) without a certificate: \(driver.gateway.statistics.lastConnectError ?? "-")")
    #expect(sentCount == 0)
    #expect(driver.gateway.statistics.connectCount == 0)
  }

  @Test func aKeyThatDoesNotFitIsSaid() throws {
    let server = try EncryptedServer(clientAuthority: "authority")
    let driver = try GatewayDriver(server.url()) { settings in
      settings.authorityFile = Certificates.shared.certificate("authority")
      settings.clientCertificateFile = Certificates.shared.certificate("client")
      settings.clientKeyFile = Certificates.shared.key("own")
    }
    try #require(driver.run { $0.gateway.statistics.connectFailureCount > 0 })
    let reason = try #require(driver.gateway.statistics.lastConnectError)
    print("key that does not fit: \(reason)")
    #expect(reason.contains("key"))
  }
}
