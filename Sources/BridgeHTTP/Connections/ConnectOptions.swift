internal import BridgeCore
internal import CCurl

/// How libcurl connects, and the TLS sessions that connections share.
struct ConnectOptions: ~Copyable {
  /// Seconds that libcurl remembers an address; a changed one is to take effect soon.
  private static let nameCacheSeconds = 2

  private let settings: GatewayConnectionSettings
  private let sessions: OpaquePointer?
  private let fixedAddresses: UnsafeMutablePointer<curl_slist>?

  init(_ settings: GatewayConnectionSettings) {
    self.settings = settings
    sessions = curl_share_init().map { OpaquePointer($0) }
    if let sessions { _ = bridge_curl_share_sessions(UnsafeMutableRawPointer(sessions)) }
    var list: UnsafeMutablePointer<curl_slist>?
    for address in settings.fixedAddresses {
      if let longer = curl_slist_append(list, address) { list = longer }
    }
    fixedAddresses = list
  }

  deinit {
    if let sessions { curl_share_cleanup(UnsafeMutableRawPointer(sessions)) }
    curl_slist_free_all(fixedAddresses)
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
    set(CURLOPT_URL, settings.url)
    set(CURLOPT_CONNECT_ONLY, 1)
    // Left alone it offers HTTP/2, and a server that takes it cannot be talked to.
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(settings.connectTimeout.milliseconds, 1)))
    // Without it a connect given up during a slow name lookup waits for the lookup.
    set(CURLOPT_QUICK_EXIT, 1)
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_DNS_CACHE_TIMEOUT, Self.nameCacheSeconds)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let file = settings.authorityFile { set(CURLOPT_CAINFO, file) }
    // The system's directory would be trusted besides the file; without it certificates are cached, too.
    set(CURLOPT_CAPATH, nil as String?)
    if let file = settings.clientCertificateFile { set(CURLOPT_SSLCERT, file) }
    if let file = settings.clientKeyFile { set(CURLOPT_SSLKEY, file) }
    // Empty texts switch off what the environment says.
    set(CURLOPT_NOPROXY, "")
    set(CURLOPT_PROXY, settings.proxy?.url ?? "")
    if let proxy = settings.proxy {
      // Without a tunnel a plain request would go to the proxy itself.
      set(CURLOPT_HTTPPROXYTUNNEL, 1)
      set(CURLOPT_USERAGENT, settings.userAgent)
      if let user = proxy.user { set(CURLOPT_PROXYUSERNAME, user) }
      if let password = proxy.password { set(CURLOPT_PROXYPASSWORD, password) }
    }
    if let fixedAddresses, bridge_curl_set_addresses(handle, fixedAddresses) != CURLE_OK {
      isAccepted = false
    }
    if bridge_curl_set_private_sockets(handle) != CURLE_OK { isAccepted = false }
    if bridge_curl_set_number(handle, number) != CURLE_OK { isAccepted = false }
    if let sessions, bridge_curl_set_share(handle, UnsafeMutableRawPointer(sessions)) != CURLE_OK {
      isAccepted = false
    }
    return isAccepted
  }
}
