import BridgeCore
import Foundation
import Glibc
import Synchronization
import Testing

@testable import BridgeHTTP

/// What a proxy does instead of making a tunnel, and what libcurl says then.
struct ProxyRefusal: Sendable, CustomTestStringConvertible {
  var name: String
  var scheme: String
  /// Parts of which one has to be in the text.
  var texts: [String]
  var connectTimeout = TimeSpan.seconds(5)
  var script: @Sendable (Peer) -> Void
  var testDescription: String { "\(scheme) \(name)" }

  static let all: [ProxyRefusal] = [
    ProxyRefusal(name: "forbids", scheme: "http", texts: ["403"]) { peer in
      _ = peer.readHead()
      peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    },
    ProxyRefusal(name: "wants a login", scheme: "http", texts: ["407"]) { peer in
      _ = peer.readHead()
      peer.write(
        "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
    },
    ProxyRefusal(name: "cannot", scheme: "http", texts: ["502"]) { peer in
      _ = peer.readHead()
      peer.write("HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\nbad")
    },
    ProxyRefusal(name: "closes", scheme: "http", texts: ["aborted"]) { _ = $0.readHead() },
    ProxyRefusal(name: "closes at once", scheme: "http", texts: ["aborted", "reset"]) { _ in },
    ProxyRefusal(name: "speaks nonsense", scheme: "http", texts: [""]) { peer in
      _ = peer.readHead()
      peer.write("220 smtp.example ESMTP\r\n\r\n")
    },
    ProxyRefusal(
      name: "hangs", scheme: "http", texts: ["timed out", "timeout"], connectTimeout: .milliseconds(300)
    ) { $0.waitForEnd() },
    ProxyRefusal(name: "refuses", scheme: "socks5", texts: ["(5)", "refused"]) { peer in
      guard peer.readSocksRequest() != nil else { return }
      peer.write([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])
    },
    ProxyRefusal(name: "forbids", scheme: "socks5h", texts: ["(2)", "not allowed"]) { peer in
      guard peer.readSocksRequest() != nil else { return }
      peer.write([5, 2, 0, 1, 0, 0, 0, 0, 0, 0])
    },
    ProxyRefusal(name: "wants a login", scheme: "socks5", texts: ["No authentication method", "method"]) {
      _ = $0.readSocksRequest(login: ("user", "password"))
    },
    ProxyRefusal(name: "closes", scheme: "socks5", texts: [""]) { _ in },
    ProxyRefusal(
      name: "hangs", scheme: "socks5", texts: ["timed out", "timeout"], connectTimeout: .milliseconds(300)
    ) { $0.waitForEnd() },
  ]
}

@Suite(.serialized) struct ProxyTests {
  private static let good = AttemptEnding.answered(status: 200, retryAfterSeconds: nil, date: nil)

  @Test(arguments: [false, true]) func aTunnelCarriesEveryRequest(_ isEncrypted: Bool) throws {
    let server = try EncryptedServer(certificate: isEncrypted ? "server" : nil)
    let heads = Mutex<[String]>([])
    let target = server.port
    let proxy = ScriptedServer { peer in
      guard let head = peer.readHead() else { return }
      heads.withLock { $0.append(head) }
      peer.write("HTTP/1.1 200 Established\r\nX-Proxy: 1\r\n\r\n")
      peer.relay(to: target)
    }
    let url = isEncrypted ? server.url(host: "localhost") : "http://localhost:\(server.port)/router/rest"
    let driver = try GatewayDriver(url) { settings in
      settings.authorityFile = Certificates.shared.certificate("authority")
      settings.proxy = GatewayProxy(
        url: "http://127.0.0.1:\(proxy.port)", user: "me", password: "p@ss w:rd")
    }
    for _ in 0..<3 { #expect(try driver.exchange().report.ending == Self.good) }
    let seen = heads.withLock { $0 }
    #expect(seen.count == 1)
    let head = try #require(seen.first)
    #expect(head.hasPrefix("CONNECT localhost:\(server.port) HTTP/1.1\r\n"))
    let login = Data("me:p@ss w:rd".utf8).base64EncodedString()
    #expect(head.contains("Proxy-Authorization: Basic \(login)\r\n"))
    #expect(head.contains("User-Agent: lippi-bridge/test\r\n"))
    #expect(!head.contains("Content-Type"))
  }

  @Test(arguments: ["socks5", "socks5h"], [false, true]) func socksCarriesEveryRequest(
    _ scheme: String, _ isEncrypted: Bool
  ) throws {
    let server = try EncryptedServer(certificate: isEncrypted ? "server" : nil)
    let addresses = Mutex<[String]>([])
    let proxy = ScriptedServer { peer in
      guard let target = peer.readSocksRequest(login: ("me", "secret")) else { return }
      addresses.withLock { $0.append(target.address) }
      peer.write([5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
      peer.relay(to: target.port)
    }
    let url =
      isEncrypted ? server.url(host: "gateway.test") : "http://gateway.test:\(server.port)/router/rest"
    let driver = try GatewayDriver(url) { settings in
      settings.authorityFile = Certificates.shared.certificate("authority")
      settings.proxy = GatewayProxy(
        url: "\(scheme)://127.0.0.1:\(proxy.port)", user: "me", password: "secret")
      settings.fixedAddresses = ["gateway.test:\(server.port):127.0.0.1"]
    }
    for _ in 0..<3 { #expect(try driver.exchange().report.ending == Self.good) }
    #expect(addresses.withLock { $0 } == [scheme == "socks5" ? "127.0.0.1" : "gateway.test"])
  }

  @Test(arguments: ProxyRefusal.all) func aRefusalOfTheProxyIsAFailedConnect(_ refusal: ProxyRefusal) throws {
    let target = ScriptedServer { _ in }
    let proxy = ScriptedServer(refusal.script)
    let driver = try GatewayDriver(target.url, connectTimeout: refusal.connectTimeout) { settings in
      settings.proxy = GatewayProxy(url: "\(refusal.scheme)://127.0.0.1:\(proxy.port)")
    }
    try #require(driver.run { $0.gateway.statistics.connectFailureCount > 0 })
    let reason = try #require(driver.gateway.statistics.lastConnectError)
    print("\(refusal.testDescription): \(reason)")
    #expect(!reason.isEmpty)
    #expect(refusal.texts.contains { $0.isEmpty || reason.contains($0) }, "\(reason)")
    #expect(driver.gateway.statistics.connectCount == 0)
    #expect(target.acceptedCount.withLock { $0 } == 0)
  }

  @Test func theEnvironmentsProxiesAreNotUsed() throws {
    let server = ScriptedServer { peer in while peer.readRequest() != nil { peer.write(answer("x")) } }
    let proxy = ScriptedServer { _ in }
    let trap = "http://127.0.0.1:\(proxy.port)"
    // Other tests run meanwhile, and libcurl reads these for them, too: none of them may care.
    for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
      setenv(name, trap, 1)
    }
    setenv("no_proxy", "*", 1)
    defer {
      for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "no_proxy"] {
        unsetenv(name)
      }
    }
    #expect(try GatewayDriver(server.url).exchange().report.ending == Self.good)
    let encrypted = try EncryptedServer()
    let driver = try GatewayDriver(encrypted.url()) { settings in
      settings.authorityFile = Certificates.shared.certificate("authority")
    }
    #expect(try driver.exchange().report.ending == Self.good)
    #expect(proxy.acceptedCount.withLock { $0 } == 0)
    // Nor does the environment keep anybody from the proxy of the settings.
    let refused = try GatewayDriver(server.url) { $0.proxy = GatewayProxy(url: trap) }
    try #require(refused.run { $0.gateway.statistics.connectFailureCount > 0 })
    #expect(proxy.acceptedCount.withLock { $0 } > 0)
  }

  @Test(arguments: [
    "", "proxy", "http://proxy", "https://proxy:3128", "socks4://proxy:1", "http://u:p@proxy:3128",
    "http://proxy:3128/path", "http://proxy:3128?q", "http://proxy:3128#f", "http://:3128",
    "http://pro xy:3128",
  ]) func anUnusableProxyIsRefused(_ url: String) {
    do throws(GatewayConnectionFault) {
      var settings = GatewayConnectionSettings(
        url: "http://h/", connectionLimit: 1, requestTimeout: .seconds(1), connectTimeout: .seconds(1),
        idleTimeout: .seconds(1), userAgent: "a")
      settings.proxy = GatewayProxy(url: url)
      _ = try GatewayConnections(settings: settings)
      Issue.record("\(url) was taken")
    } catch {
      guard case .unusableProxy = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!error.description.contains("u:p"))
    }
  }

  @Test func thePasswordOfAProxyIsNotPrinted() {
    let proxy = GatewayProxy(url: "http://proxy:1", user: "me", password: "hush")
    var dumped = ""
    dump(proxy, to: &dumped)
    for text in ["\(proxy)", String(reflecting: proxy), dumped] { #expect(!text.contains("hush"), "\(text)") }
  }
}
