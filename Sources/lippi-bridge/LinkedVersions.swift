internal import BridgeHTTP
internal import BridgeKafka

/// What this program runs with: name and version, as the libraries say themselves.
enum LinkedVersions {
  static var all: [(String, String)] {
    [("librdkafka", LinkedLibrdkafka.version), ("libcurl", LinkedLibcurl.version)]
  }
}
