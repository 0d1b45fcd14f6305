internal import BridgeCore
internal import CCurl

/// How libcurl connects, and the TLS sessions that connections share.
struct ConnectOptions: ~Copyable {
  /// Seconds that libcurl remembers an address; a changed one is to take effect soon.
  private static let nameCacheSeconds = 2

  private let url: String
  private let connectTimeout: TimeSpan
  private let userAgent: String
  private let certificateFile: String?
  private let proxyURL: String?
  private let sessions: OpaquePointer?

  init(_ settings: GatewayConnectionSettings) {
    url = settings.url
    connectTimeout = settings.connectTimeout
    userAgent = settings.userAgent
    certificateFile = settings.certificateFile
    proxyURL = settings.proxyURL
    sessions = curl_share_init().map { OpaquePointer($0) }
    if let sessions { _ = bridge_curl_share_sessions(UnsafeMutableRawPointer(sessions)) }
  }

  deinit {
    if let sessions { curl_share_cleanup(UnsafeMutableRawPointer(sessions)) }
  }

  /// False if libcurl refuses one; `number` comes back with the finished connect.
  func apply(to handle: UnsafeMutableRawPointer, number: Int, errorText: UnsafeMutablePointer<CChar>) -> Bool
  {
    var isAccepted = bridge_curl_set_error_buffer(handle, errorText) == CURLE_OK
    func set(_ option: CURLoption, _ value: Int) {
      if bridge_curl_set_long(handle, option, value) != CURLE_OK { isAccepted = false }
    }
    func set(_ option: CURLoption, _ value: String?) {
      if bridge_curl_set_text(handle, option, value) != CURLE_OK { isAccepted = false }
    }
    set(CURLOPT_URL, url)
    set(CURLOPT_CONNECT_ONLY, 1)
    // Left alone it offers HTTP/2, and a server that takes it cannot be talked to.
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(connectTimeout.milliseconds, 1)))
    // Without it a connect given up during a slow name lookup waits for the lookup.
    set(CURLOPT_QUICK_EXIT, 1)
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_DNS_CACHE_TIMEOUT, Self.nameCacheSeconds)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let certificateFile { set(CURLOPT_CAINFO, certificateFile) }
    // The system's directory would be trusted besides the file; without it certificates are cached, too.
    set(CURLOPT_CAPATH, nil as String?)
    set(CURLOPT_NOPROXY, "")
    set(CURLOPT_PROXY, proxyURL ?? "")
    if proxyURL != nil {
      set(CURLOPT_HTTPPROXYTUNNEL, 1)
      set(CURLOPT_USERAGENT, userAgent)
    }
    if bridge_curl_set_private_sockets(handle) != CURLE_OK { isAccepted = false }
    if bridge_curl_set_number(handle, number) != CURLE_OK { isAccepted = false }
    if let sessions, bridge_curl_set_share(handle, UnsafeMutableRawPointer(sessions)) != CURLE_OK {
      isAccepted = false
    }
    return isAccepted
  }
}
