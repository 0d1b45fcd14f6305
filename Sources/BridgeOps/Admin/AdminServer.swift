package import BridgeCore
import CMicrohttpd
import Dispatch
import Glibc
import Synchronization

/// Health, metrics and the operator's requests over HTTP, on a thread of its own: it answers whatever the loop does.
/// Every connection carries one request and lives a few seconds at most, however slowly its client writes or reads.
package final class AdminServer: Sendable {
  static let connectionLimit: UInt32 = 32
  static let connectionLife = TimeSpan.seconds(5)
  /// Request line and headers; what is larger is refused.
  static let headByteLimit = 16 * 1_024

  /// `127.0.0.1:9464`, with the port that was taken.
  package let address: String
  private let routes: AdminRoutes
  /// Where the library's server stands in memory; 0 when it has been stopped. Only the stop uses it, once.
  private let daemon = Atomic<UInt>(0)
  /// Sockets of open connections with the time they were opened.
  private let connections = Mutex<[Int32: DispatchTime]>([:])
  private let sweeper: DispatchQueue

  package init(_ listenAddress: ListenAddress, _ routes: AdminRoutes) throws(FatalFault) {
    let listening = try listenAddress.listen()
    address = listening.address
    self.routes = routes
    sweeper = DispatchQueue(label: "admin")
    let owner = Unmanaged.passUnretained(self).toOpaque()
    let started = microhttpd_start(
      listening.socket, Self.connectionLimit, UInt32(Self.connectionLife.milliseconds / 1_000),
      Self.headByteLimit, AdminServer.answerCallback, AdminServer.completedCallback,
      AdminServer.connectionCallback, owner)
    guard let started else {
      close(listening.socket)
      throw FatalFault(
        .configuration, "The admin server at \(address) could not be started; see admin.listen.")
    }
    daemon.store(UInt(bitPattern: started), ordering: .releasing)
    sweepLater()
  }

  deinit { stop() }

  /// Ends the thread and closes every connection.
  package func stop() {
    guard let running = OpaquePointer(bitPattern: daemon.exchange(0, ordering: .acquiringAndReleasing)) else {
      return
    }
    MHD_stop_daemon(running)
  }

  // MARK: connections

  private func sweepLater() {
    sweeper.asyncAfter(deadline: .now() + 1) { [weak self] in
      guard let self, self.daemon.load(ordering: .acquiring) != 0 else { return }
      self.sweep()
      self.sweepLater()
    }
  }

  /// Ends connections that have lived long enough; the server's thread then closes them.
  private func sweep() {
    let oldest = DispatchTime.now().uptimeNanoseconds - UInt64(Self.connectionLife.microseconds) * 1_000
    connections.withLock { connections in
      // A socket leaves the table before it is closed: its number cannot be somebody else's yet.
      for (socket, openedAt) in connections where openedAt.uptimeNanoseconds < oldest {
        shutdown(socket, Int32(SHUT_RDWR))
      }
    }
  }

  private func opened(_ socket: Int32) { connections.withLock { $0[socket] = .now() } }
  private func closed(_ socket: Int32) { connections.withLock { $0[socket] = nil } }

  // MARK: requests

  /// What has come of a request.
  private final class Arriving {
    var body: [UInt8] = []
    var isTooLarge = false
  }

  private static let connectionCallback: MHD_NotifyConnectionCallback = { owner, connection, _, code in
    guard let owner, let connection else { return }
    let server = Unmanaged<AdminServer>.fromOpaque(owner).takeUnretainedValue()
    let socket = microhttpd_socket(connection)
    switch code {
    case .CONNECTION_NOTIFY_STARTED: server.opened(socket)
    case .CONNECTION_NOTIFY_CLOSED: server.closed(socket)
    @unknown default: break
    }
  }

  private static let completedCallback: MHD_RequestCompletedCallback = { _, _, place, _ in
    guard let held = place?.pointee else { return }
    Unmanaged<Arriving>.fromOpaque(held).release()
    place?.pointee = nil
  }

  private static let answerCallback: MHD_AccessHandlerCallback = {
    owner, connection, path, method, _, bytes, count, place in
    guard let owner, let connection, let path, let method, let place else { return .NO }
    guard let held = place.pointee else {
      // The head alone: the body comes next.
      place.pointee = Unmanaged.passRetained(Arriving()).toOpaque()
      return .YES
    }
    let arriving = Unmanaged<Arriving>.fromOpaque(held).takeUnretainedValue()
    if let count, count.pointee > 0 {
      if arriving.body.count + count.pointee > AdminRoutes.bodyByteLimit {
        arriving.isTooLarge = true
      } else if let bytes {
        arriving.body += UnsafeRawBufferPointer(start: bytes, count: count.pointee)
      }
      count.pointee = 0
      return .YES
    }
    let server = Unmanaged<AdminServer>.fromOpaque(owner).takeUnretainedValue()
    return server.answer(connection, path: path, method: method, arriving)
  }

  private func answer(
    _ connection: OpaquePointer, path: UnsafePointer<CChar>, method: UnsafePointer<CChar>,
    _ arriving: Arriving
  ) -> MHD_Result {
    let answer: AdminAnswer
    if arriving.isTooLarge {
      answer = .text(413, "A body has at most \(AdminRoutes.bodyByteLimit) bytes.")
    } else {
      let authorization = MHD_lookup_connection_value(connection, .HEADER_KIND, "Authorization")
      answer = routes.answer(
        method: String(cString: method), path: String(cString: path),
        authorization: authorization.map { String(cString: $0) }, body: arriving.body)
    }
    var body = answer.body
    guard
      let response = MHD_create_response_from_buffer(body.count, &body, .RESPMEM_MUST_COPY)
    else { return .NO }
    defer { MHD_destroy_response(response) }
    add("Content-Type", "\(answer.contentType.name)", to: response)
    add("Connection", "close", to: response)
    add("Cache-Control", "no-store", to: response)
    if let allow = answer.allow { add("Allow", "\(allow)", to: response) }
    if answer.challenges { add("WWW-Authenticate", "Bearer", to: response) }
    return MHD_queue_response(connection, answer.status, response)
  }

  private func add(_ name: String, _ value: String, to response: OpaquePointer) {
    _ = MHD_add_response_header(response, name, value)
  }
}
