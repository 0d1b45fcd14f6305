import LippiAPI
import Testing

@Suite struct SecretsStaySecretTests {
  private static var settings: GatewaySettings {
    var settings = GatewaySettings(appKey: "12345678", secret: Array("helloworld".utf8))
    settings.session = "user-token"
    return settings
  }

  /// `dump` and the descriptions of whatever holds the settings look through a mirror.
  @Test func noWayOfPrintingShowsThem() {
    struct Holder {
      var settings: GatewaySettings
    }
    var dumped = ""
    dump(Self.settings, to: &dumped)
    dump(Holder(settings: Self.settings), to: &dumped)
    let texts = [
      "\(Self.settings)", String(reflecting: Self.settings), "\(Holder(settings: Self.settings))",
      "\([Self.settings])", "\(Optional(Self.settings) as Any)", dumped,
    ]
    for text in texts {
      #expect(text.contains("12345678"))
      #expect(!text.contains("helloworld") && !text.contains("user-token"), "\(text)")
      // The first bytes of the secret as numbers.
      #expect(!text.contains("104, 101") && !text.contains("- 104"), "\(text)")
    }
  }
}
