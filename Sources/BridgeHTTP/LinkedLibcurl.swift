internal import CCurl

/// libcurl as it is linked to this process.
package enum LinkedLibcurl {
  /// As the library says it, for example `7.88.1`.
  package static var version: String {
    guard let text = curl_version_info(CURLVERSION_FIRST)?.pointee.version else { return "" }
    return String(cString: text)
  }

  /// The TLS library behind it, for example `OpenSSL/3.0.19`.
  package static var tlsVersion: String {
    guard let text = curl_version_info(CURLVERSION_FIRST)?.pointee.ssl_version else { return "" }
    return String(cString: text)
  }

  /// 7.88.1: everything here was proved with it.
  private static let oldestVersion: UInt32 = 0x07_58_01
  private static let initialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Starts libcurl up, once; throws if it is not the one that is needed.
  static func prepare() throws(GatewayConnectionFault) {
    guard initialized, let linked = curl_version_info(CURLVERSION_FIRST) else { throw .noResources(code: 12) }
    let features = CURL_VERSION_SSL | CURL_VERSION_ASYNCHDNS | CURL_VERSION_IPV6
    guard linked.pointee.version_num >= oldestVersion, linked.pointee.features & features == features,
      tlsVersion.hasPrefix("OpenSSL")
    else { throw .unsuitableLibcurl(version: version + " " + tlsVersion) }
  }
}
