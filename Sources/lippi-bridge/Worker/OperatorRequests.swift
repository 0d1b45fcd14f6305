internal import BridgeCore
internal import BridgeOps
internal import CLinux
internal import Glibc
internal import Synchronization

/// The loop's mailbox: what operators ask for, from any thread.
final class OperatorRequests: Sendable {
  /// Requests that wait for one turn of the loop; a further one takes the place of the last.
  private static let waitingLimit = 16

  /// An eventfd, readable while there is something.
  let descriptor: Int32
  private let waiting = Mutex<[OperatorRequest]>([])

  init() throws(FatalFault) {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    guard descriptor >= 0 else { throw FatalFault.noFileDescriptorLeft }
  }

  deinit { close(descriptor) }

  func post(_ request: OperatorRequest) {
    waiting.withLock { requests in
      if requests.count == Self.waitingLimit { requests.removeLast() }
      requests.append(request)
    }
    _ = eventfd_write(descriptor, 1)
  }

  /// What came since it was last asked.
  func take() -> [OperatorRequest] {
    var count: UInt64 = 0
    guard eventfd_read(descriptor, &count) == 0 else { return [] }
    return waiting.withLock { requests in
      defer { requests = [] }
      return requests
    }
  }
}
