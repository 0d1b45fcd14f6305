import Testing

@testable import BridgeConfiguration

@Suite struct WayToTheGatewayTests {
  @Test func everythingOfItIsRead() throws {
    let gateway = try Reading(
      environment: ["LIPPI_BRIDGE_GATEWAY_PROXY_PASSWORD": "hush"],
      settings: [
        "gateway.ca_file=/a.pem", "gateway.client_certificate_file=/c.pem", "gateway.client_key_file=/c.key",
        "gateway.proxy=socks5h://[::1]:1080", "gateway.proxy_user=me",
      ]
    ).configuration().gateway
    #expect(gateway.authorityFile == "/a.pem")
    #expect(gateway.clientCertificateFile == "/c.pem")
    #expect(gateway.clientKeyFile == "/c.key")
    #expect(gateway.proxy?.url == "socks5h://[::1]:1080")
    #expect(gateway.proxy?.user == "me")
    #expect(gateway.proxy?.password?.reveal() == "hush")
  }

  @Test func noneOfItIsNeeded() throws {
    let gateway = try Reading().configuration().gateway
    #expect(gateway.authorityFile == nil && gateway.clientCertificateFile == nil && gateway.proxy == nil)
  }

  @Test(arguments: [
    ("proxy:3128", "does not begin with"), ("https://proxy:3128", "does not begin with"),
    ("http://me:hush@proxy:3128", "gateway.proxy_password_file"), ("http://proxy", "no valid port"),
    ("http://proxy:0", "no valid port"), ("http://proxy:65536", "no valid port"),
    ("http://:3128", "has no host"), ("http://proxy:3128/", "behind its port"),
    ("http://pr\u{e9}xy:3128", "percent-encoded"),
  ]) func aProxyThatCannotBeIsSaid(_ proxy: String, _ words: String) {
    let problems = Reading(settings: ["gateway.proxy=\(proxy)"]).problems()
    #expect(problems.count == 1)
    #expect(problems.first?.contains(words) == true, "\(problems)")
    #expect(problems.allSatisfy { !$0.contains("hush") })
  }

  @Test(arguments: [
    ("gateway.client_key_file=/k", "gateway.client_certificate_file"),
    ("gateway.client_certificate_file=/c", "gateway.client_key_file"),
    ("gateway.proxy_user=me", "gateway.proxy"),
  ]) func aHalfMeansNothing(_ setting: String, _ missing: String) {
    let problems = Reading(settings: [setting]).problems()
    #expect(problems.count == 1)
    #expect(problems.first?.contains("means nothing without \(missing)") == true, "\(problems)")
  }

  @Test func aPasswordWithoutAUserMeansNothing() {
    let problems = Reading(environment: ["LIPPI_BRIDGE_GATEWAY_PROXY_PASSWORD": "hush"]).problems()
    #expect(problems.count == 1)
    #expect(problems.first?.contains("means nothing without gateway.proxy_user") == true, "\(problems)")
  }
}
