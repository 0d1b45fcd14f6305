/// What a simulated gateway is started with.
package struct SimulatorOptions: Sendable {
  /// An IPv4 address in dotted form.
  package var address: String
  /// 0 takes a free one.
  package var port: UInt16
  package var appKey: String
  package var secret: String
  /// The token that every request has to bring; nil asks for none.
  package var session: String?
  /// IPv4 addresses in dotted form that may use the application; nil allows every one.
  package var allowedClients: [String]?
  /// The application may call the method at all.
  package var permitsMethod: Bool
  /// A message whose id was taken before is answered like any other and not executed again.
  package var deduplicates: Bool
  /// With these two every connection speaks TLS.
  package var tls: TLSFiles?
  /// How far the gateway's clock is ahead of this machine's.
  package var clockOffsetSeconds: Int64
  /// How long an answer is held back after its request was read.
  package var latencyMilliseconds: Int64
  /// Gets one JSON line for each request, behind what the file holds already.
  package var logPath: String?
  /// Decides which requests a fault with a rate below 1 hits, and the request ids.
  package var seed: UInt64

  package init(
    address: String = "127.0.0.1", port: UInt16 = 0, appKey: String = "12345678",
    secret: String = "helloworld", session: String? = nil, latencyMilliseconds: Int64 = 0,
    logPath: String? = nil, seed: UInt64 = 0, allowedClients: [String]? = nil, permitsMethod: Bool = true,
    deduplicates: Bool = false, clockOffsetSeconds: Int64 = 0, tls: TLSFiles? = nil
  ) {
    self.address = address
    self.port = port
    self.appKey = appKey
    self.secret = secret
    self.session = session
    self.latencyMilliseconds = latencyMilliseconds
    self.logPath = logPath
    self.seed = seed
    self.allowedClients = allowedClients
    self.permitsMethod = permitsMethod
    self.deduplicates = deduplicates
    self.clockOffsetSeconds = clockOffsetSeconds
    self.tls = tls
  }

  /// Paths of files in PEM form.
  package struct TLSFiles: Sendable {
    /// The chain may stand behind the certificate.
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }
}

/// Why a simulator does not start. `code` is an `errno`.
package enum SimulatorError: Error, Equatable, Sendable {
  case addressUnreadable(String)
  case addressUnavailable(String, code: Int32)
  case logUnwritable(String, code: Int32)
  /// With OpenSSL's reason.
  case certificateUnusable(String, String)
  case keyUnusable(String, String)
  case tlsUnavailable(String)
  case noDescriptor(code: Int32)
  case noThread(code: Int32)
}
