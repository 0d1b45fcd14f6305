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
  /// How long an answer is held back after its request was read.
  package var latencyMilliseconds: Int64
  /// Gets one JSON line for each request, behind what the file holds already.
  package var logPath: String?
  /// Decides which requests a fault with a rate below 1 hits, and the request ids.
  package var seed: UInt64

  package init(
    address: String = "127.0.0.1", port: UInt16 = 0, appKey: String = "12345678",
    secret: String = "helloworld", session: String? = nil, latencyMilliseconds: Int64 = 0,
    logPath: String? = nil, seed: UInt64 = 0
  ) {
    self.address = address
    self.port = port
    self.appKey = appKey
    self.secret = secret
    self.session = session
    self.latencyMilliseconds = latencyMilliseconds
    self.logPath = logPath
    self.seed = seed
  }
}

/// Why a simulator does not start. `code` is an `errno`.
package enum SimulatorError: Error, Equatable, Sendable {
  case addressUnreadable(String)
  case addressUnavailable(String, code: Int32)
  case logUnwritable(String, code: Int32)
  case noDescriptor(code: Int32)
  case noThread(code: Int32)
}
