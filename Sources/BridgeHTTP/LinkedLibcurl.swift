internal import CCurl

/// libcurl as it is linked to this process.
package enum LinkedLibcurl {
  /// As the library says it, for example `7.88.1`.
  package static var version: String {
    guard let text = curl_version_info(CURLVERSION_FIRST)?.pointee.version else { return "" }
    return String(cString: text)
  }
}
