package import BridgeCore
import Synchronization

/// What an operator asks of the loop.
package enum OperatorRequest: Sendable, Equatable {
  case pause(reason: String)
  case resume
}

/// What the admin server answers from, and whom it hands requests to. All of it is safe on any thread, and quick.
package final class AdminRoutes: Sendable {
  /// Of a reason for a pause.
  package static let reasonByteLimit = 256
  static let bodyByteLimit = 4_096

  private let board: SnapshotBoard
  private let identity: WorkerIdentity
  private let stalledAfter: TimeSpan
  private let clock: @Sendable () -> Moment
  private let droppedLineCount: @Sendable () -> Int
  private let droppedStatusCount: @Sendable () -> Int
  private let request: @Sendable (OperatorRequest) -> Void
  /// Nil: nobody may pause.
  private let token = Mutex<[UInt8]?>(nil)

  package init(
    board: SnapshotBoard, identity: WorkerIdentity, stalledAfter: TimeSpan, token: String?,
    clock: @escaping @Sendable () -> Moment, droppedLineCount: @escaping @Sendable () -> Int,
    droppedStatusCount: @escaping @Sendable () -> Int,
    request: @escaping @Sendable (OperatorRequest) -> Void
  ) {
    self.board = board
    self.identity = identity
    self.stalledAfter = stalledAfter
    self.clock = clock
    self.droppedLineCount = droppedLineCount
    self.droppedStatusCount = droppedStatusCount
    self.request = request
    replaceToken(token)
  }

  /// A rotation needs no restart.
  package func replaceToken(_ text: String?) { token.withLock { $0 = text.map { Array($0.utf8) } } }

  func answer(method: String, path: String, authorization: String?, body: [UInt8]) -> AdminAnswer {
    switch path {
    case "/live": reading(method) { live() }
    case "/ready": reading(method) { ready() }
    case "/health": reading(method) { health() }
    case "/metrics": reading(method) { metrics() }
    case "/pause": changing(method, authorization) { pause(body) }
    case "/resume":
      changing(method, authorization) {
        request(.resume)
        return .text(202, "The line goes on.")
      }
    default: .text(404, "There are /live, /ready, /health, /metrics, and POST /pause and /resume.")
    }
  }

  private func reading(_ method: String, _ make: () -> AdminAnswer) -> AdminAnswer {
    guard method == "GET" || method == "HEAD" else {
      var answer = AdminAnswer.text(405, "GET or HEAD only.")
      answer.allow = "GET, HEAD"
      return answer
    }
    return make()
  }

  private func changing(
    _ method: String, _ authorization: String?, _ make: () -> AdminAnswer
  ) -> AdminAnswer {
    guard method == "POST" else {
      var answer = AdminAnswer.text(405, "POST only.")
      answer.allow = "POST"
      return answer
    }
    guard let token = token.withLock({ $0 }) else {
      return .text(
        403, "Nobody may do this: set admin.token_file or LIPPI_BRIDGE_ADMIN_TOKEN and restart the worker.")
    }
    guard let authorization, Self.carries(authorization, token) else {
      var answer = AdminAnswer.text(
        401, "Authorization: Bearer and the token of admin.token_file are needed.")
      answer.challenges = true
      return answer
    }
    return make()
  }

  /// Takes as long for a wrong token as for the right one.
  private static func carries(_ authorization: String, _ token: [UInt8]) -> Bool {
    let bytes = Array(authorization.utf8)
    let scheme = Array("bearer ".utf8)
    guard bytes.count > scheme.count, zip(bytes, scheme).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else {
      return false
    }
    let given = bytes[scheme.count...]
    var difference = given.count ^ token.count
    for (index, byte) in given.enumerated() {
      difference |= Int(byte ^ token[index % max(token.count, 1)])
    }
    return difference == 0
  }

  // MARK: answers

  private func live() -> AdminAnswer {
    guard let snapshot = board.snapshot else { return .text(200, "starting") }
    let now = clock()
    guard !snapshot.isStale(at: now.monotonic) else {
      let seconds = (now.monotonic - snapshot.takenAt.monotonic).milliseconds / 1_000
      return .text(503, "The loop has stood still for \(seconds) s.")
    }
    return .text(200, "live")
  }

  private func ready() -> AdminAnswer {
    guard let snapshot = board.snapshot else { return .text(503, "starting") }
    if snapshot.isStale(at: clock().monotonic) { return .text(503, "The loop stands still.") }
    switch snapshot.stage {
    case .draining, .leaving: return .text(503, "stopping")
    case .running: break
    }
    guard snapshot.unassignedSince == nil else {
      return .text(503, "The group has given no assignment yet.")
    }
    guard snapshot.isRecovered else { return .text(503, "Partitions are being recovered.") }
    return .text(200, "ready")
  }

  private func health() -> AdminAnswer {
    let report = HealthReport(board.snapshot, stalledAfter: stalledAfter, at: clock())
    return AdminAnswer(
      status: report.status == .healthy ? 200 : 503, contentType: .json,
      body: report.json(identity, stalledAfter: stalledAfter))
  }

  private func metrics() -> AdminAnswer {
    let text = MetricsText(
      snapshot: board.snapshot, identity: identity, stalledAfter: stalledAfter, now: clock(),
      droppedLineCount: droppedLineCount(), droppedStatusCount: droppedStatusCount())
    return AdminAnswer(status: 200, contentType: .metrics, body: text.bytes)
  }

  private func pause(_ body: [UInt8]) -> AdminAnswer {
    guard let reason = PauseBody.reason(in: body) else {
      return .text(
        400,
        "The body is {\"reason\":\"…\"}: a text that is not blank, of at most \(Self.reasonByteLimit) bytes.")
    }
    request(.pause(reason: reason))
    return .text(202, "Nothing more is sent; what is under way ends. Until /resume, or a restart.")
  }
}
