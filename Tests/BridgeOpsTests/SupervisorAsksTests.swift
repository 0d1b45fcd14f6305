import BridgeCore
import Glibc
import Testing

@testable import BridgeOps

/// What a supervisor's variables mean, and which names of sockets are taken.
@Suite struct SupervisorAsksTests {
  @Test(
    arguments: [
      ([:], nil, nil),
      (["NOTIFY_SOCKET": ""], nil, nil),
      (["NOTIFY_SOCKET": "/run/n"], "/run/n", nil),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000"], "/run/n", 15_000_000),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], "/run/n", 15_000_000),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], "/run/n", nil),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "1"], "/run/n", 1),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "0"], "/run/n", nil),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "-5"], "/run/n", nil),
      (["NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "soon"], "/run/n", nil),
      // A sign of life that nobody hears.
      (["WATCHDOG_USEC": "30000000"], nil, nil),
    ] as [([String: String], String?, Int64?)])
  func variables(_ environment: [String: String], _ name: String?, _ interval: Int64?) {
    let watch = ServiceWatch(processID: 7) { environment[$0] }
    #expect(watch.socketName == name)
    #expect(watch.signInterval?.microseconds == interval)
  }

  @Test(arguments: [
    ("run/notify", "neither"), ("vsock:2:1234", "neither"), ("@", "neither"), ("/", "neither"),
    ("/" + String(repeating: "n", count: 107), "longer"), ("/no/such/socket", "cannot be used"),
  ])
  func namesThatCannotBeUsed(_ name: String, _ said: String) {
    do throws(NotifySocketFault) {
      _ = try NotifySocket(name: name)
      Issue.record("\(name) was taken")
    } catch {
      #expect(error.sentence.contains(said), "\(error.sentence)")
    }
  }

  /// A supervisor that does not read must not hold the worker up.
  @Test func aFullSocketTakesNothingAndNothingWaits() throws {
    let name = "lippi-bridge-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let listening = try Listening(abstractName: name)
    let socket = try NotifySocket(name: "@\(name)")
    var sentCount = 0
    while socket.send("WATCHDOG=1") {
      sentCount += 1
      try #require(sentCount < 100_000)
    }
    #expect(sentCount > 0)
    #expect(listening.read() == "WATCHDOG=1")
    let isTakenAgain = socket.send("STATUS=again")
    #expect(isTakenAgain)
  }
}

/// The supervisor's end.
private final class Listening {
  private struct NotBound: Error {}

  private let descriptor: Int32

  init(abstractName name: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.dropFirst().copyBytes(from: name.utf8) }
    let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + 1 + name.utf8.count)
    let answer = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard answer == 0 else { throw NotBound() }
  }

  deinit { close(descriptor) }

  func read() -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
